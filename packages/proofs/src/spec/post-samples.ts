/**
 * Which leaves of which sectors a PoSt opens, and how long its bundle is: both follow from public inputs alone
 * (docs/spec/proofs.md section 9). No node: imports.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, log2Floor, modLE, tag, u32LE, u64LE } from './bytes.ts'
import { siblingPositions } from './multiproof.ts'
import { sortedUnique } from './porep-layout.ts'
import { NODE_BYTES, type Profile } from './profile.ts'

export interface PostChallenge {
  readonly profile: Profile
  readonly provider: number
  readonly partition: number
  /** 32 bytes, unknown when the list of sectors was fixed. */
  readonly randomness: Uint8Array
  /** Samples over the whole list. */
  readonly count: number
}

export interface SampledSector {
  /** Position in the list of sectors. */
  readonly position: number
  /** Ascending, unique. */
  readonly leaves: readonly number[]
}

export const POST_MAGIC: Uint8Array = new TextEncoder().encode('GPS1')
/** A chain asks for tens; this only bounds a verifier's time. */
export const POST_COUNT_MAX = 65_536
const POST_TAG = tag('granary/post/1')

/** The sampled sectors in list order. */
export function drawSamples(challenge: PostChallenge, sectors: number): SampledSector[] {
  const { profile, provider, partition, randomness, count } = challenge
  const prefix = concatBytes([POST_TAG, randomness, u64LE(provider), u64LE(partition)])
  const leavesOf = new Map<number, number[]>()
  for (let j = 0; j < count; j += 1) {
    const h = sha256(concatBytes([prefix, u32LE(j)]))
    const position = modLE(h.subarray(0, 8), sectors)
    const leaf = modLE(h.subarray(8, 16), profile.nodes)
    leavesOf.set(position, [...(leavesOf.get(position) ?? []), leaf])
  }
  return sortedUnique(leavesOf.keys()).map((position) => ({ position, leaves: sortedUnique(leavesOf.get(position)!) }))
}

/** The samples that an answer opens: all but those that fall on the positions that it skips. */
export function openedSamples(challenge: PostChallenge, sectors: number, skipped: readonly number[]): SampledSector[] {
  const left = new Set(skipped)
  return drawSamples(challenge, sectors).filter(({ position }) => !left.has(position))
}

/** How many positions of its list an answer may skip: one for each eight samples. */
export function skipsMax(count: number): number {
  return Math.ceil(count / 8)
}

/**
 * Whether an answer to this challenge may skip these positions: ascending, each once and with a sample on it, not more
 * than skipsMax, and at least one sampled sector is left to open. A position without a sample says nothing that a
 * declared fault does not say for less.
 */
export function areSkips(challenge: PostChallenge, sectors: number, skipped: readonly number[]): boolean {
  if (skipped.length === 0) return true
  if (skipped.length > skipsMax(challenge.count)) return false
  if (!skipped.every((position, i) => i === 0 || skipped[i - 1]! < position)) return false
  const sampled = new Set(drawSamples(challenge, sectors).map(({ position }) => position))
  return skipped.every((position) => sampled.has(position)) && skipped.length < sampled.size
}

/** commC ‖ commRLast ‖ leaves ‖ siblings of one sampled sector. */
export function sampledSectorBytes(sector: SampledSector, nodes: number): number {
  return NODE_BYTES * (2 + sector.leaves.length + siblingPositions(sector.leaves, log2Floor(nodes)).length)
}
