/**
 * PoRep bundles taken apart, changed and put together again under roots made for them: what an adversary would send who
 * chose the commitments after the seed. `forgedPoRep` needs no sector at all, so any profile can be tried, and any rule
 * of docs/spec/proofs.md replaced by another while all else is kept.
 */

import { BASE_PARENTS } from '../src/spec/base-parents.ts'
import { concatBytes } from '../src/spec/bytes.ts'
import { columnHash, commROf } from '../src/spec/commitments.ts'
import { createLabel } from '../src/spec/create-label.ts'
import { addNodes } from '../src/spec/field.ts'
import { type HashPairs, hashPairs, hashPairs254 } from '../src/spec/hash-pairs.ts'
import { multiproofRoot } from '../src/spec/multiproof.ts'
import { POREP_MAGIC, type PoRepLayout, type PoRepStatement, porepLayout } from '../src/spec/porep-layout.ts'
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

/** The parents' labels of a layer, in the order of the parents. */
export type LabelsOf = (layer: number) => Uint8Array[]

/** How a replica is made and committed to. */
export interface Rules {
  label(replicaId: Uint8Array, layer: number, node: number, labelsOf: LabelsOf): Uint8Array
  column(labels: Uint8Array): Uint8Array
  columnPairs: HashPairs
  /** Keys and data → replica, for runs of nodes. `column` has all labels of one node. */
  encode(column: Uint8Array, data: Uint8Array): Uint8Array
  replicaPairs: HashPairs
  commR(commC: Uint8Array, commRLast: Uint8Array): Uint8Array
  dataPairs: HashPairs
  /** All nodes of the sector are this one, so that CommD is known before the challenges. */
  dataNode: Uint8Array
}

export const honestRules: Rules = {
  label: (replicaId, layer, node, labelsOf) => createLabel(replicaId, layer, node, parentLabels(layer, labelsOf)),
  column: columnHash,
  columnPairs: hashPairs,
  encode(column, data) {
    const node = new Uint8Array(32)
    addNodes(column.subarray(-32), data, node)
    return node
  },
  replicaPairs: hashPairs,
  commR: commROf,
  dataPairs: hashPairs254,
  dataNode: nodeNoise('data', 1),
}

export function parentLabels(layer: number, labelsOf: LabelsOf): Uint8Array[] {
  const base = labelsOf(layer).slice(0, BASE_PARENTS)
  return layer === 1 ? base : [...base, ...labelsOf(layer - 1).slice(BASE_PARENTS)]
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
export function withParts(input: PoRepInput, parts: PoRepParts, rules: Rules = honestRules): PoRepInput {
  return { ...input, commR: rules.commR(parts.commC, parts.commRLast), bundle: concatBytes(Object.values(parts)) }
}

/** Roots of columns and replica recomputed from the parts, so that only what is not a hash can refuse. */
export function consistent(
  input: PoRepInput,
  parts: PoRepParts,
  layout: PoRepLayout = porepLayout(input),
  rules: Rules = honestRules,
): PoRepInput {
  const { depth, challenges, opened } = layout
  const columnOf = (place: number) => columnAt(parts, place, input.profile.layers)
  const commC = multiproofRoot({
    indices: opened,
    leaves: concatBytes(opened.map((_, place) => rules.column(columnOf(place)))),
    siblings: parts.columnSiblings,
    depth,
    hash: rules.columnPairs,
  })
  const replica = challenges.map((node, i) =>
    rules.encode(columnOf(opened.indexOf(node)), parts.data.subarray(i * 32, i * 32 + 32)),
  )
  const commRLast = multiproofRoot({
    indices: challenges,
    leaves: concatBytes(replica),
    siblings: parts.replicaSiblings,
    depth,
    hash: rules.replicaPairs,
  })
  return withParts(input, { ...parts, commC, commRLast }, rules)
}

/**
 * A proof for a sector that nobody sealed, accepted when all rules are kept: all but the challenged labels is noise, and
 * the data is one node again and again.
 */
export function forgedPoRep(about: Omit<PoRepStatement, 'commD'>, changed: Partial<Rules> = {}): PoRepInput {
  const rules = { ...honestRules, ...changed }
  const dataLevels = levelsOf(rules.dataNode, Math.log2(about.profile.nodes), rules.dataPairs)
  const statement = { ...about, commD: dataLevels.at(-1)! }
  const layout = porepLayout(statement)
  const parts: PoRepParts = {
    magic: POREP_MAGIC,
    commC: new Uint8Array(32),
    commRLast: new Uint8Array(32),
    columns: nodeNoise('labels', layout.opened.length * about.profile.layers),
    columnSiblings: nodeNoise('column siblings', layout.openedSiblings.length),
    data: concatBytes(layout.challenges.map(() => rules.dataNode)),
    dataSiblings: concatBytes(layout.challengeSiblings.map(({ level }) => dataLevels[level]!)),
    replicaSiblings: nodeNoise('replica siblings', layout.challengeSiblings.length),
  }
  writeLabels(parts, layout, about.profile.layers, rules)
  return consistent({ ...statement, commR: new Uint8Array(32), bundle: new Uint8Array() }, parts, layout, rules)
}

/** Layer by layer and in ascending order, for a challenge may be the parent of another. */
function writeLabels(parts: PoRepParts, layout: PoRepLayout, layers: number, rules: Rules): void {
  const placeOf = new Map(layout.opened.map((node, place) => [node, place]))
  for (let layer = 1; layer <= layers; layer += 1)
    for (const [i, node] of layout.challenges.entries()) {
      const places = [...layout.parents[i]!].map((parent) => placeOf.get(parent)!)
      const labelsOf: LabelsOf = (of) => places.map((place) => labelAt(parts, place, of, layers))
      const label = rules.label(layout.replicaId, layer, node, labelsOf)
      labelAt(parts, placeOf.get(node)!, layer, layers).set(label)
    }
}

/** The nodes of each height in a tree of equal leaves. */
function levelsOf(leaf: Uint8Array, depth: number, hash: HashPairs): Uint8Array[] {
  const levels = [leaf]
  for (let height = 0; height < depth; height += 1) {
    const node = new Uint8Array(32)
    hash(concatBytes([levels[height]!, levels[height]!]), node)
    levels.push(node)
  }
  return levels
}

/** A view of all labels of one opened node. */
export function columnAt(parts: PoRepParts, place: number, layers: number): Uint8Array {
  return parts.columns.subarray(place * layers * 32, (place + 1) * layers * 32)
}

/** A view of one of them. */
export function labelAt(parts: PoRepParts, place: number, layer: number, layers: number): Uint8Array {
  return columnAt(parts, place, layers).subarray((layer - 1) * 32, layer * 32)
}
