/**
 * Bytes as they stand in JSON, in stores and in what people read: 0x and two lower-case digits a byte, so that equal
 * bytes are equal text. Digits without 0x (keys of the state, files of keys, digests of files) are those of
 * @noble/hashes/utils, on which this stands.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

/** Any bytes, lower-case. */
export type Hex = `0x${string}`

/** Lower-case hex with 0x, of exactly `bytes` bytes when given. */
export function isHex(value: unknown, bytes?: number): value is Hex {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/.test(value)) return false
  return bytes === undefined || value.length === 2 + 2 * bytes
}

export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`
}

/**
 * What comes from outside has been through `isHex` at its border, which can name the field in the error it gives.
 * @throws TypeError for anything else than `toHex` gives
 */
export function fromHex(text: string): Uint8Array {
  if (!isHex(text)) throw new TypeError(`"${text.slice(0, 20)}" is not 0x and an even number of lower-case hex digits`)
  return hexToBytes(text.slice(2))
}
