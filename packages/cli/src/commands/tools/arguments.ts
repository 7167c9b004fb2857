/** Arguments that several tools share. What is malformed ends with exit code 2; what is well-formed and wrong is judged. */
import { NODE_BYTES } from '@granary/proofs/profile'
import { hexToBytes } from '@noble/hashes/utils.js'
import { InvalidArgumentError } from 'commander'

/** 64 GiB, the largest profile. */
const SECTOR_BYTES_MAX = 2 ** 36
/** fr32 works in units of 128 bytes. */
const SECTOR_BYTES_MIN = 128
const HEX_32 = /^(?:0x)?([0-9a-fA-F]{64})$/

/** Any 32 bytes. */
export function hex32(text: string): Uint8Array {
  const [, digits] = HEX_32.exec(text) ?? []
  if (digits === undefined) throw new InvalidArgumentError('expected 32 bytes as 64 hexadecimal digits.')
  return hexToBytes(digits)
}

/** For options that take several values. */
export function hex32List(text: string, before: readonly Uint8Array[] | undefined): readonly Uint8Array[] {
  return [...(before ?? []), hex32(text)]
}

/** Numbers of providers, sectors and partitions. */
export function id(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError(`expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`)
}

export function sectorBytes(text: string): number {
  return powerOfTwo(text, SECTOR_BYTES_MIN, SECTOR_BYTES_MAX)
}

export function nodeCount(text: string): number {
  return powerOfTwo(text, SECTOR_BYTES_MIN / NODE_BYTES, SECTOR_BYTES_MAX / NODE_BYTES)
}

function powerOfTwo(text: string, min: number, max: number): number {
  const value = /^\d{1,11}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max && Number.isInteger(Math.log2(value))) return value
  throw new InvalidArgumentError(`expected a power of two from ${min} to ${max}.`)
}
