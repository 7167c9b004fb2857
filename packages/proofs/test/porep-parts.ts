/**
 * PoRep bundles taken apart, changed and put together again under roots made for them: what an adversary would send who
 * chose the commitments after the seed. `forgedPoRep` needs no sector at all, so any profile can be tried.
 */
import { concatBytes } from '../src/bytes.ts'
import { BASE_PARENTS } from '../src/graph/base-parents.ts'
import { hashPairs } from '../src/merkle/hash-pairs.ts'
import { multiproofRoot } from '../src/merkle/multiproof.ts'
import { zeroCommitments } from '../src/piece/zero-commitments.ts'
import { POREP_MAGIC, type PoRepLayout, type PoRepStatement, porepLayout } from '../src/porep/porep-layout.ts'
import { columnHash, commROf } from '../src/seal/commitments.ts'
import { createLabel } from '../src/seal/create-label.ts'
import { addNodes } from '../src/seal/field.ts'
import type { PoRepInput } from '../src/verify/index.ts'
import { nodeNoise } from './support.ts'

/** In the order of the bundle. */
export interface PoRepParts {
  magic: Uint8Array
  commC: Uint8Array
  commRLast: Uint8Array
  columns: Uint8Array
  columnSiblings: Uint8Array
  data: Uint8Array
  dataSiblings: Uint8Array
  replicaSiblings: Uint8Array
}

export function partsOf(input: PoRepInput): { layout: PoRepLayout; parts: PoRepParts } {
  const layout = porepLayout(input)
  let offset = 0
  const take = (bytes: number) => {
    offset += bytes
    return input.bundle.slice(offset - bytes, offset)
  }
  const parts = {
    magic: take(POREP_MAGIC.length),
    commC: take(32),
    commRLast: take(32),
    columns: take(layout.opened.length * input.profile.layers * 32),
    columnSiblings: take(layout.openedSiblings.length * 32),
    data: take(layout.challenges.length * 32),
    dataSiblings: take(layout.challengeSiblings.length * 32),
    replicaSiblings: take(layout.challengeSiblings.length * 32),
  }
  return { layout, parts }
}

/** The parts as they are, under the CommR of the roots among them. */
export function withParts(input: PoRepInput, parts: PoRepParts): PoRepInput {
  return { ...input, commR: commROf(parts.commC, parts.commRLast), bundle: concatBytes(Object.values(parts)) }
}

/** Roots of columns and replica recomputed from the parts, so that only what is not a hash can refuse. */
export function consistent(input: PoRepInput, parts: PoRepParts, layout: PoRepLayout = porepLayout(input)): PoRepInput {
  const width = input.profile.layers * 32
  const columns = layout.opened.map((_, i) => columnHash(parts.columns.subarray(i * width, (i + 1) * width)))
  const { depth, challenges, opened } = layout
  const commC = multiproofRoot({
    indices: opened,
    leaves: concatBytes(columns),
    siblings: parts.columnSiblings,
    depth,
    hash: hashPairs,
  })
  const leaves = concatBytes(challenges.map((node) => labelOf(parts, opened.indexOf(node), width / 32, width / 32)))
  addNodes(leaves, parts.data, leaves)
  const siblings = parts.replicaSiblings
  const commRLast = multiproofRoot({ indices: challenges, leaves, siblings, depth, hash: hashPairs })
  return withParts(input, { ...parts, commC, commRLast })
}

/** A proof that is accepted for a sector of zeros that nobody sealed: all but the challenged labels is noise. */
export function forgedPoRep(about: Omit<PoRepStatement, 'commD'>): PoRepInput {
  const { layers, nodes } = about.profile
  const zeros = zeroCommitments(Math.log2(nodes))
  const statement = { ...about, commD: zeros.at(-1)! }
  const layout = porepLayout(statement)
  const siblings = layout.challengeSiblings
  const parts: PoRepParts = {
    magic: POREP_MAGIC,
    commC: new Uint8Array(32),
    commRLast: new Uint8Array(32),
    columns: nodeNoise('labels', layout.opened.length * layers),
    columnSiblings: nodeNoise('column siblings', layout.openedSiblings.length),
    data: new Uint8Array(layout.challenges.length * 32),
    dataSiblings: concatBytes(siblings.map(({ level }) => zeros[level]!)),
    replicaSiblings: nodeNoise('replica siblings', siblings.length),
  }
  writeLabels(parts, layout, layers)
  return consistent({ ...statement, commR: new Uint8Array(32), bundle: new Uint8Array() }, parts, layout)
}

/** Layer by layer and in ascending order, for a challenge may be the parent of another. */
function writeLabels(parts: PoRepParts, { replicaId, challenges, parents, opened }: PoRepLayout, layers: number): void {
  const placeOf = new Map(opened.map((node, place) => [node, place]))
  for (let layer = 1; layer <= layers; layer += 1)
    for (const [i, node] of challenges.entries()) {
      const places = [...parents[i]!].map((parent) => placeOf.get(parent)!)
      const labels = places.slice(0, BASE_PARENTS).map((place) => labelOf(parts, place, layer, layers))
      if (layer > 1) labels.push(...places.slice(BASE_PARENTS).map((place) => labelOf(parts, place, layer - 1, layers)))
      labelOf(parts, placeOf.get(node)!, layer, layers).set(createLabel(replicaId, layer, node, labels))
    }
}

/** A view of one label among the columns. */
export function labelOf(parts: PoRepParts, place: number, layer: number, layers: number): Uint8Array {
  const at = (place * layers + layer - 1) * 32
  return parts.columns.subarray(at, at + 32)
}
