/** How values stand in JSON: bytes as 0x hex in lower case, ids and heights as numbers, amounts as decimal digits. */
import type { Hex } from '@granary/base'
import * as z from 'zod/mini'
import type { Address, Hash } from '../codec/types.ts'

/** An id, a height, an epoch, a count. */
export const natural: z.ZodMiniInt = z.int().check(z.minimum(0))
/** attoGRN, or another number that may be larger than 2⁵³. */
export const decimal: z.ZodMiniString<string> = z.string().check(z.regex(/^(0|[1-9][0-9]*)$/))

export const address: z.ZodMiniType<Address, Address> = hexBy(
  /^0x[0-9a-f]{40}$/,
  'expected 0x and 40 lower-case hex digits',
)
export const hash: z.ZodMiniType<Hash, Hash> = hexBy(/^0x[0-9a-f]{64}$/, 'expected 0x and 64 lower-case hex digits')
export const hex: z.ZodMiniType<Hex, Hex> = hexBy(
  /^0x([0-9a-f]{2})*$/,
  'expected 0x and pairs of lower-case hex digits',
)
export const cid: z.ZodMiniType<string> = z
  .string()
  .check(z.regex(/^[A-Za-z0-9]{8,120}$/, 'expected a CID in base32 or base58'))

/** Text whose type follows from its pattern: `z.templateLiteral` says that too, and is a kilobyte of every page. */
function hexBy<T extends Hex>(pattern: RegExp, message: string): z.ZodMiniType<T, T> {
  return z.string().check(z.regex(pattern, message)) as z.ZodMiniType as z.ZodMiniType<T, T>
}
