/** Bytes as the chain's JSON and the store write them: 0x and lower-case hex. */
export function toHex(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`
}

export function fromHex(text: string): Uint8Array {
  if (!/^0x(?:[0-9a-f]{2})*$/.test(text)) throw new RangeError(`"${text.slice(0, 20)}" is not 0x and lower-case hex`)
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}
