/**
 * The PoSt verifier (docs/spec/proofs.md section 9): one proof for a frozen list of sectors. Never throws.
 */
import { equalBytes } from '@granary/base'
import { isZero, log2Floor } from '../spec/bytes.ts'
import { commROf } from '../spec/commitments.ts'
import type { HashPairs } from '../spec/hash-pairs.ts'
import { multiproofRoot, siblingPositions } from '../spec/multiproof.ts'
import {
  areSkips,
  openedSamples,
  POST_COUNT_MAX,
  POST_MAGIC,
  type PostChallenge,
  type SampledSector,
  sampledSectorBytes,
} from '../spec/post-samples.ts'
import { NODE_BYTES, type Profile } from '../spec/profile.ts'
import { createSha256Pairs } from '../spec/sha256-pairs.ts'
import { isBytes32, isCount, isId, isProfile } from '../spec/valid-input.ts'
import { createNodeReader } from './node-reader.ts'
import { refuse, type Verdict } from './verdict.ts'

export interface PostInput extends PostChallenge {
  /** In the order in which the list was fixed; none may be left out. CommR: 32 bytes. */
  readonly sectors: readonly { readonly number: number; readonly commR: Uint8Array }[]
  /**
   * Positions of the list that are not proven: ascending, each with a sample on it.
   * @default none
   */
  readonly skipped?: readonly number[]
  /** What provePost gave, or anything else. */
  readonly bundle: Uint8Array
}

export interface PostBundleShape extends PostChallenge {
  readonly sectors: number
  /** @default none */
  readonly skipped?: readonly number[]
}

/** The exact length that the bundle of this challenge has, when it skips what may be skipped of it. */
export function postBundleBytes(shape: PostBundleShape): number {
  return bytesOf(openedSamples(shape, shape.sectors, shape.skipped ?? []), shape.profile.nodes)
}

/** What no bundle of `count` samples exceeds: each of them in a sector of its own, with its whole path. */
export function postBundleBytesMax({ nodes }: Profile, count: number): number {
  return POST_MAGIC.length + NODE_BYTES * count * (3 + log2Floor(nodes))
}

/**
 * Whether the bundle opens all samples of this challenge but those on the positions that it skips; one that it does not
 * open fails the whole list. Any input gives a verdict, never an exception. A few ms for 80 samples.
 */
export function verifyPost(input: PostInput): Verdict {
  if (!isChallenge(input) || !(input.bundle instanceof Uint8Array)) return refuse('INPUT_INVALID')
  const { nodes } = input.profile
  const { skipped = [] } = input
  if (!areSkips(input, input.sectors.length, skipped)) return refuse('SKIPS_INVALID')
  const samples = openedSamples(input, input.sectors.length, skipped)
  if (input.bundle.length !== bytesOf(samples, nodes)) return refuse('BUNDLE_LENGTH_WRONG')
  if (!equalBytes(input.bundle.subarray(0, POST_MAGIC.length), POST_MAGIC)) return refuse('BUNDLE_MAGIC_WRONG')
  const take = createNodeReader(input.bundle, POST_MAGIC.length)
  const hash = createSha256Pairs()
  for (const sample of samples) {
    const verdict = verifySector(sample, input.sectors[sample.position]!.commR, log2Floor(nodes), take, hash)
    if (!verdict.ok) return verdict
  }
  return { ok: true }
}

function verifySector(
  sample: SampledSector,
  commR: Uint8Array,
  depth: number,
  take: (nodes: number) => Uint8Array,
  hash: HashPairs,
): Verdict {
  const commC = take(1)
  const commRLast = take(1)
  const indices = sample.leaves
  const leaves = take(indices.length)
  const siblings = take(siblingPositions(indices, depth).length)
  if ([commR, commC, commRLast].some(isZero)) return refuse('COMMITMENT_ZERO')
  if (!equalBytes(commROf(commC, commRLast), commR)) return refuse('COMM_R_MISMATCH')
  const root = multiproofRoot({ indices, leaves, siblings, depth, hash })
  return equalBytes(root, commRLast) ? { ok: true } : refuse('REPLICA_NOT_IN_COMM_R')
}

function isChallenge(input: PostInput): boolean {
  return (
    isProfile(input.profile) &&
    isId(input.provider) &&
    isId(input.partition) &&
    isBytes32(input.randomness) &&
    isCount(input.count, POST_COUNT_MAX) &&
    Array.isArray(input.sectors) &&
    input.sectors.length > 0 &&
    // Spread, for `every` passes over the holes of an array.
    [...input.sectors].every((sector) => isId(sector?.number) && isBytes32(sector?.commR)) &&
    (input.skipped === undefined || isPositions(input.skipped, input.sectors.length))
  )
}

function isPositions(skipped: unknown, sectors: number): boolean {
  return Array.isArray(skipped) && skipped.length <= sectors && [...skipped].every(isId)
}

function bytesOf(samples: readonly SampledSector[], nodes: number): number {
  return samples.reduce((sum, sample) => sum + sampledSectorBytes(sample, nodes), POST_MAGIC.length)
}
