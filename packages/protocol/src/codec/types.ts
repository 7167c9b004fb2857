/** The words every message is made of. Money is attoGRN (10⁻¹⁸ GRN), time is the epoch, which is the block height. */
import { GranaryError, isHex } from '@granary/base'

/** 20 bytes, lower-case hex. */
export type Address = `0x${string}`
/** 32 bytes, lower-case hex. */
export type Hash = `0x${string}`
/**
 * A number that says what it counts or names: one of another kind cannot stand in its place, so that two of them which are
 * swapped are an error of types. A bare number can, as it comes out of JSON or of a sum.
 */
type Of<Kind extends string> = number & { readonly kind?: Kind }

/** A block height; durations are counted in epochs too. */
export type Epoch = Of<'epoch'>
export type ProviderId = Of<'provider'>
export type DealId = Of<'deal'>
export type ProposalId = Of<'proposal'>
/** Of a sector, among those of its provider. */
export type SectorNumber = Of<'sector'>
/** Of a partition, among those of its provider. */
export type PartitionNumber = Of<'partition'>
/** 10⁻¹⁸ GRN, 0 ≤ amount < 2¹²⁸. */
export type AttoGrn = bigint

export const AMOUNT_MAX: bigint = 2n ** 128n - 1n

/** A value does not have the form that its message or its JSON asks for. `path` says which field. */
export class MessageInvalidError extends GranaryError {
  constructor(path: string, expected: string, actual: unknown) {
    super({
      code: 'MESSAGE_INVALID',
      message: `"${path}" expected ${expected}, got ${describe(actual)}`,
      hint: `correct the field "${path}" and send the message again`,
      details: { path },
    })
  }
}

export function epoch(value: number): Epoch {
  if (!Number.isSafeInteger(value) || value < 0) throw new MessageInvalidError('epoch', 'a height ≥ 0', value)
  return value
}

export function attoGrn(value: bigint): AttoGrn {
  if (value < 0n || value > AMOUNT_MAX) throw new MessageInvalidError('amount', 'an amount of 128 bits', value)
  return value
}

export function address(text: string): Address {
  if (!isHex(text, 20)) throw new MessageInvalidError('address', '0x and 40 lower-case hex digits', text)
  return text
}

function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  return String(value)
}
