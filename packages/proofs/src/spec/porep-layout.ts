/**
 * What a PoRep opens and how its bundle is laid out: both follow from public inputs alone (docs/spec/proofs.md
 * section 8), so that prover and verifier share nothing but this. No node: imports.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, log2Floor, modLE, u32LE } from './bytes.ts'
import { createGraph, parentsOf } from './graph.ts'
import { siblingPositions, type TreePosition } from './multiproof.ts'
import { NODE_BYTES, type Profile } from './profile.ts'
import { proverIdOf, replicaIdOf } from './replica-id.ts'

export interface PoRepStatement {
  readonly profile: Profile
  readonly provider: number
  /** 32 bytes, where no provider's number has them; else they follow from the number. */
  readonly proverId?: Uint8Array | undefined
  readonly sectorNumber: number
  /** 32 bytes, drawn before sealing; enters the replica id. */
  readonly ticket: Uint8Array
  /** 32 bytes, drawn after CommR was on the chain; draws the challenges. */
  readonly seed: Uint8Array
  readonly commD: Uint8Array
}

export interface PoRepLayout {
  readonly replicaId: Uint8Array
  readonly depth: number
  /** C: ascending, unique. */
  readonly challenges: readonly number[]
  /** The 14 parents of each challenge, in the order of `challenges`. */
  readonly parents: readonly Uint32Array[]
  /** S: challenges and all their parents, ascending, unique. */
  readonly opened: readonly number[]
  readonly openedSiblings: readonly TreePosition[]
  readonly challengeSiblings: readonly TreePosition[]
  readonly bytes: number
}

export const POREP_MAGIC: Uint8Array = new TextEncoder().encode('GPR1')

export function porepLayout(statement: PoRepStatement): PoRepLayout {
  const { profile } = statement
  const replicaId = replicaIdOf({
    proverId: statement.proverId ?? proverIdOf(statement.provider),
    sectorNumber: statement.sectorNumber,
    ticket: statement.ticket,
    commD: statement.commD,
    porepId: profile.porepId,
  })
  const depth = log2Floor(profile.nodes)
  const graph = createGraph(profile.porepId, profile.nodes)
  const challenges = drawChallenges(replicaId, statement.seed, profile)
  const parents = challenges.map((node) => parentsOf(graph, node))
  const opened = sortedUnique([...challenges, ...parents.flatMap((list) => [...list])])
  const openedSiblings = siblingPositions(opened, depth)
  const challengeSiblings = siblingPositions(challenges, depth)
  const nodes =
    2 +
    opened.length * profile.layers +
    openedSiblings.length +
    challenges.length +
    // One set of paths in treeD, one in treeR.
    2 * challengeSiblings.length
  const bytes = POREP_MAGIC.length + nodes * NODE_BYTES
  return { replicaId, depth, challenges, parents, opened, openedSiblings, challengeSiblings, bytes }
}

export function sortedUnique(values: Iterable<number>): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

/** cⱼ = (LEint(SHA-256(replicaId ‖ seed ‖ u32LE j)) mod (n − 1)) + 1: node 0 has no parents to check. */
function drawChallenges(replicaId: Uint8Array, seed: Uint8Array, profile: Profile): number[] {
  const draws = Array.from(
    { length: profile.challenges },
    (_, j) => modLE(sha256(concatBytes([replicaId, seed, u32LE(j)])), profile.nodes - 1) + 1,
  )
  return sortedUnique(draws)
}
