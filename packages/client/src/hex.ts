/** Bytes as 0x hex and back, the form that they have in JSON. */
import { fromHex, toHex } from 'multiformats/bytes'

export function bytesToHex(bytes: Uint8Array): `0x${string}` {
  return `0x${toHex(bytes)}`
}

/** @throws SyntaxError for anything but 0x and an even number of hex digits */
export function hexToBytes(text: string): Uint8Array {
  if (!/^0x([0-9a-f]{2})*$/.test(text)) throw new SyntaxError(`"${text.slice(0, 12)}" is not 0x hex`)
  return fromHex(text.slice(2))
}
