/**
 * The PoRep verifier (docs/spec/proofs.md section 8): takes nothing in the bundle on trust, never throws, and shares
 * only the public layout with the prover. Each link refuses under its own reason.
 */
import { equalBytes } from '@granary/base'
import { BASE_PARENTS } from '../spec/base-parents.ts'
import { isZero } from '../spec/bytes.ts'
import { columnHash, commROf } from '../spec/commitments.ts'
import { createLabel } from '../spec/create-label.ts'
import { addNodes, isFieldElement } from '../spec/field.ts'
import { hashPairs, hashPairs254 } from '../spec/hash-pairs.ts'
import { multiproofRoot } from '../spec/multiproof.ts'
import { POREP_MAGIC, type PoRepLayout, type PoRepStatement, porepLayout } from '../spec/porep-layout.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { isBytes32, isId, isProfile } from '../spec/valid-input.ts'
import { createNodeReader } from './node-reader.ts'
import { refuse, type Verdict } from './verdict.ts'

export interface PoRepInput extends PoRepStatement {
  /** 32 bytes, on the chain before the seed was drawn. */
  readonly commR: Uint8Array
  /** What provePoRep gave, or anything else. */
  readonly bundle: Uint8Array
}

interface PoRepBundle {
  readonly commC: Uint8Array
  readonly commRLast: Uint8Array
  /** L × 32 bytes for each opened node. */
  readonly columns: Uint8Array
  readonly columnSiblings: Uint8Array
  readonly data: Uint8Array
  readonly dataSiblings: Uint8Array
  readonly replicaSiblings: Uint8Array
}

/** The exact length that the bundle of this statement has: it follows from the challenges, so it costs their parents. */
export function porepBundleBytes(statement: PoRepStatement): number {
  return porepLayout(statement).bytes
}

/**
 * Whether the bundle proves that the sector of this statement was sealed. Any input gives a verdict, never an exception:
 * what is no statement at all is refused as INPUT_INVALID. About 80 ms for 176 challenges, and no memory beyond a few
 * times the bundle's.
 */
export function verifyPoRep(input: PoRepInput): Verdict {
  if (!isStatement(input) || !isBytes32(input.commR) || !(input.bundle instanceof Uint8Array))
    return refuse('INPUT_INVALID')
  const layout = porepLayout(input)
  if (input.bundle.length !== layout.bytes) return refuse('BUNDLE_LENGTH_WRONG')
  if (!equalBytes(input.bundle.subarray(0, POREP_MAGIC.length), POREP_MAGIC)) return refuse('BUNDLE_MAGIC_WRONG')
  const bundle = readBundle(input.bundle, layout, input.profile.layers)
  if ([input.commD, input.commR, bundle.commC, bundle.commRLast].some(isZero)) return refuse('COMMITMENT_ZERO')
  if (!equalBytes(commROf(bundle.commC, bundle.commRLast), input.commR)) return refuse('COMM_R_MISMATCH')
  if (!columnsOpen(bundle, layout, input.profile.layers)) return refuse('COLUMN_NOT_IN_COMM_C')
  if (!labelsFollow(bundle, layout, input.profile.layers)) return refuse('LABEL_MISMATCH')
  return verifyEncoding(input, bundle, layout)
}

function isStatement(input: PoRepInput): boolean {
  return (
    isProfile(input.profile) &&
    isId(input.provider) &&
    (input.proverId === undefined || isBytes32(input.proverId)) &&
    isId(input.sectorNumber) &&
    [input.ticket, input.seed, input.commD].every(isBytes32)
  )
}

function readBundle(bytes: Uint8Array, layout: PoRepLayout, layers: number): PoRepBundle {
  const take = createNodeReader(bytes, POREP_MAGIC.length)
  return {
    commC: take(1),
    commRLast: take(1),
    columns: take(layout.opened.length * layers),
    columnSiblings: take(layout.openedSiblings.length),
    data: take(layout.challenges.length),
    dataSiblings: take(layout.challengeSiblings.length),
    replicaSiblings: take(layout.challengeSiblings.length),
  }
}

function columnsOpen(bundle: PoRepBundle, layout: PoRepLayout, layers: number): boolean {
  const leaves = new Uint8Array(layout.opened.length * NODE_BYTES)
  layout.opened.forEach((_, i) => {
    leaves.set(columnHash(nodesAt(bundle.columns, i * layers, layers)), i * NODE_BYTES)
  })
  const { opened: indices, depth } = layout
  const root = multiproofRoot({ indices, leaves, siblings: bundle.columnSiblings, depth, hash: hashPairs })
  return equalBytes(root, bundle.commC)
}

/** Every label of every challenge follows from its parents' labels. */
function labelsFollow(bundle: PoRepBundle, layout: PoRepLayout, layers: number): boolean {
  const columnOf = new Map(layout.opened.map((node, i) => [node, i * layers]))
  const label = (node: number, layer: number) => nodesAt(bundle.columns, columnOf.get(node)! + layer - 1, 1)
  return layout.challenges.every((node, i) => {
    const parents = [...layout.parents[i]!]
    const base = parents.slice(0, BASE_PARENTS)
    const expander = parents.slice(BASE_PARENTS)
    return Array.from({ length: layers }, (_, l) => l + 1).every((layer) => {
      const labels = base.map((parent) => label(parent, layer))
      if (layer > 1) labels.push(...expander.map((parent) => label(parent, layer - 1)))
      return equalBytes(createLabel(layout.replicaId, layer, node, labels), label(node, layer))
    })
  })
}

/** Data opens CommD, and data plus key opens the replica. */
function verifyEncoding(input: PoRepInput, bundle: PoRepBundle, layout: PoRepLayout): Verdict {
  const { challenges: indices, depth } = layout
  if (indices.some((_, i) => !isFieldElement(nodesAt(bundle.data, i, 1)))) return refuse('DATA_NOT_IN_FIELD')
  const { data, dataSiblings, replicaSiblings } = bundle
  const dataRoot = multiproofRoot({ indices, leaves: data, siblings: dataSiblings, depth, hash: hashPairs254 })
  if (!equalBytes(dataRoot, input.commD)) return refuse('DATA_NOT_IN_COMM_D')
  const leaves = new Uint8Array(data.length)
  const { layers } = input.profile
  indices.forEach((node, i) => {
    const key = nodesAt(bundle.columns, layout.opened.indexOf(node) * layers + layers - 1, 1)
    leaves.set(key, i * NODE_BYTES)
  })
  addNodes(leaves, data, leaves)
  const replicaRoot = multiproofRoot({ indices, leaves, siblings: replicaSiblings, depth, hash: hashPairs })
  return equalBytes(replicaRoot, bundle.commRLast) ? { ok: true } : refuse('REPLICA_NOT_IN_COMM_R')
}

function nodesAt(nodes: Uint8Array, first: number, count: number): Uint8Array {
  return nodes.subarray(first * NODE_BYTES, (first + count) * NODE_BYTES)
}
