/** Small helpers over bytes and integers that several modules share. No node: imports. */

/** ASCII text right-padded with zeros to 32 bytes: the domain separators of docs/spec/proofs.md section 7. */
export function tag(text: string): Uint8Array {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(text))
  return bytes
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

export function u32LE(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

export function u64LE(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

/** A little-endian integer of any length, mod m; exact for m < 2⁴⁵, so that the product stays under 2⁵³. */
export function modLE(bytes: Uint8Array, m: number): number {
  let rest = 0
  for (let i = bytes.length - 1; i >= 0; i -= 1) rest = (rest * 256 + bytes[i]!) % m
  return rest
}

/** Exact also where 32-bit operations are not. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isFinite(value) && value >= 1 && 2 ** log2Floor(value) === value
}

/** floor(log2 value) for value ≥ 1, by exact comparison. */
export function log2Floor(value: number): number {
  let exponent = 0
  while (2 ** (exponent + 1) <= value) exponent += 1
  return exponent
}
