/** The graph of a porep id: fourteen parents a node, the same for all sectors. docs/spec/proofs.md section 5. */
import { BASE_PARENTS, drgSeedOf, writeBaseParents } from './base-parents.ts'
import {
  createFeistelRound,
  EXPANDER_PARENTS,
  type FeistelRound,
  feistelHalfBits,
  feistelKeysOf,
  writeExpanderParents,
} from './expander-parents.ts'

export const PARENTS: number = BASE_PARENTS + EXPANDER_PARENTS

export interface Graph {
  readonly nodes: number
  readonly drgSeed: Uint8Array
  readonly halfBits: number
  readonly round: FeistelRound
}

export function createGraph(porepId: Uint8Array, nodes: number): Graph {
  const halfBits = feistelHalfBits(nodes)
  return { nodes, drgSeed: drgSeedOf(porepId), halfBits, round: createFeistelRound(feistelKeysOf(porepId), halfBits) }
}

/** Base parents first, then expander parents. */
export function parentsOf(graph: Graph, node: number): Uint32Array {
  const parents = new Uint32Array(PARENTS)
  writeParents(graph, node, parents, 0)
  return parents
}

export function writeParents(graph: Graph, node: number, out: Uint32Array, at: number): void {
  writeBaseParents(graph.drgSeed, node, out, at)
  writeExpanderParents(graph, node, out, at + BASE_PARENTS)
}
