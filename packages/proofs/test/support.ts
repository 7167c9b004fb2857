/** What several tests of this package need. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export { bytesToHex as hex, hexToBytes as fromHex } from '@noble/hashes/utils.js'

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T
}

/** Deterministic bytes that look random: SHA-256(seed ‖ i) joined. */
export function noise(seed: string, length: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(length / 32) * 32)
  for (let i = 0; i < out.length; i += 32) out.set(createHash('sha256').update(`${seed}/${i}`).digest(), i)
  return out.slice(0, length)
}

export async function* inParts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

/** Noise that is also field elements. */
export function nodeNoise(seed: string, nodes: number): Uint8Array {
  const out = noise(seed, nodes * 32)
  for (let i = 31; i < out.length; i += 32) out[i]! &= 0x3f
  return out
}

export function flip(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const flipped = bytes.slice()
  flipped[at]! ^= bit
  return flipped
}
