/**
 * What a page does with `./piece`, `./verify` and `./soundness`: a test bundles it for the browser and runs it where
 * nothing of Node is. Takes and gives text, since arrays of another realm are not `instanceof` this one's.
 */
import { hexToBytes } from '@noble/hashes/utils.js'
import { commitPiece, padFr32, unpadFr32 } from '../src/piece/index.ts'
import { soundness } from '../src/soundness/index.ts'
import { profileNamed } from '../src/spec/profile.ts'
import { parsePieceCid, pieceCidV1, pieceCidV2, verifyPoRep, verifyPost } from '../src/verify/index.ts'

export async function commit(payloadHex: string): Promise<string> {
  const payload = hexToBytes(payloadHex)
  const commitment = await commitPiece(inTwoParts(payload))
  const isPaddingReversible = unpadFr32(padFr32(payload)).every((byte, i) => byte === (payload[i] ?? 0))
  const text = pieceCidV2(commitment)
  return JSON.stringify({ v2: text, v1: pieceCidV1(commitment.root), ...parsePieceCid(text), isPaddingReversible })
}

export function judgePoRep(json: string): string {
  return JSON.stringify(verifyPoRep(JSON.parse(json, revive)))
}

export function judgePost(json: string): string {
  return JSON.stringify(verifyPost(JSON.parse(json, revive)))
}

export function chance(): number {
  return soundness({ share: 0.01, count: 80, challenges: 2 })
}

function revive(key: string, value: unknown): unknown {
  if (key === 'profile') return profileNamed(String(value))
  return typeof value === 'string' ? hexToBytes(value) : value
}

async function* inTwoParts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const half = Math.floor(bytes.length / 2)
  yield bytes.subarray(0, half)
  yield bytes.subarray(half)
}
