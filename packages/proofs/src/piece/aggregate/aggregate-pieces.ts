/**
 * Several pieces as one, with an index by which each is found and a proof that each is in it (FRC-0058, "verifiable data
 * aggregation"). Only commitments are needed, not data. docs/spec/proofs.md section 2. No node: imports.
 */
import { GranaryError } from '@granary/base'
import { concatBytes, log2Floor } from '../../spec/bytes.ts'
import { PiecesDoNotFitError, placePieces } from '../../spec/comm-d.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES, unpadFr32 } from '../../spec/fr32.ts'
import type { TreePosition } from '../../spec/multiproof.ts'
import type { PieceCommitment } from '../../spec/piece-hasher.ts'
import { NODE_BYTES } from '../../spec/profile.ts'
import { indexEntriesMax, indexStart } from './index-area.ts'
import { checksumIn, ENTRY_BYTES, encodeIndexEntry, entryNode, type IndexEntry } from './index-entry.ts'
import { createSparseTree, type MerklePath, type SparseTree } from './sparse-tree.ts'

export interface AggregateInput {
  /** In the order in which they shall lie; larger ones first waste least. */
  readonly pieces: readonly { readonly root: Uint8Array; readonly paddedSize: number }[]
  /** Padded size of the aggregate. @default the smallest power of two that holds pieces and index */
  readonly paddedSize?: number | undefined
}

export interface InclusionProof {
  /** From the segment to the aggregate. */
  readonly segment: MerklePath
  /** From the segment's index entry, which is one node of height 1, to the aggregate. */
  readonly entry: MerklePath
}

export interface Segment extends IndexEntry {
  /** 16 bytes, as in its entry. */
  readonly checksum: Uint8Array
  readonly proof: InclusionProof
}

export interface Aggregate {
  /** All of it is payload, since the index ends it. */
  readonly commitment: PieceCommitment
  readonly segments: readonly Segment[]
  readonly index: {
    readonly commitment: PieceCommitment
    /** Where it begins, in padded bytes. */
    readonly offset: number
    readonly entriesMax: number
    /** Its unpadded bytes up to the last used entry; zeros follow. They lie at byte offset · 127/128 of the payload. */
    readonly payload: Uint8Array
  }
}

export class AggregateInputError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'AGGREGATE_INPUT_INVALID',
      message,
      hint: 'give at least one piece, each with the 32 bytes of its CommP; many small ones need a larger aggregate',
    })
  }
}

/** @throws AggregateInputError, PiecesDoNotFitError, PieceSizeError */
export function aggregatePieces({ pieces, paddedSize = smallestSize(pieces) }: AggregateInput): Aggregate {
  assertPieces(pieces, paddedSize)
  const entries = placeSegments(pieces, paddedSize)
  const encoded = entries.map(encodeIndexEntry)
  const offset = indexStart(paddedSize)
  const indexBytes = paddedSize - offset
  const firstEntry = offset / ENTRY_BYTES
  const tree = createSparseTree(
    [
      ...entries.map((entry) => ({ ...positionOf(entry), root: entry.root })),
      ...encoded.map((entry, i) => ({ level: 1, index: firstEntry + i, root: entryNode(entry) })),
    ],
    heightOf(paddedSize),
  )
  return {
    commitment: commitmentOf(tree, 0, paddedSize),
    segments: entries.map((entry, i) => ({
      ...entry,
      checksum: checksumIn(encoded[i]!),
      proof: {
        segment: tree.pathFrom(positionOf(entry)),
        entry: tree.pathFrom({ level: 1, index: firstEntry + i }),
      },
    })),
    index: {
      commitment: commitmentOf(tree, offset, indexBytes),
      offset,
      entriesMax: indexEntriesMax(paddedSize),
      payload: unpadFr32(wholeUnits(encoded)),
    },
  }
}

function assertPieces(pieces: AggregateInput['pieces'], paddedSize: number): void {
  if (pieces.length === 0) throw new AggregateInputError('there are no pieces')
  for (const [i, { root }] of pieces.entries())
    if (root.length !== NODE_BYTES || root[NODE_BYTES - 1]! > 0x3f)
      throw new AggregateInputError(`the root of piece ${i} is no CommP`)
  const entries = indexEntriesMax(paddedSize)
  if (pieces.length > entries)
    throw new AggregateInputError(`the index of ${paddedSize} bytes has ${entries} entries, not ${pieces.length}`)
}

function placeSegments(pieces: AggregateInput['pieces'], paddedSize: number): IndexEntry[] {
  const sizes = pieces.map((piece) => piece.paddedSize)
  const offsets = placePieces(sizes, paddedSize)
  const end = offsets.at(-1)! + sizes.at(-1)!
  if (end > indexStart(paddedSize)) throw new PiecesDoNotFitError(pieces.length - 1, end, indexStart(paddedSize))
  return pieces.map(({ root }, i) => ({ root, offset: offsets[i]!, size: sizes[i]! }))
}

/** The smallest power of two that holds the pieces where they are placed, and the index after them. */
function smallestSize(pieces: AggregateInput['pieces']): number {
  let end = 0
  for (const { paddedSize } of pieces) end = Math.ceil(end / paddedSize) * paddedSize + paddedSize
  if (!Number.isSafeInteger(end)) throw new AggregateInputError(`the pieces end at byte ${end}`)
  let size = UNIT_PADDED_BYTES
  while (indexStart(size) < end || indexEntriesMax(size) < pieces.length) size *= 2
  return size
}

function commitmentOf(tree: SparseTree, offset: number, paddedSize: number): PieceCommitment {
  const root = tree.nodeAt(positionOf({ offset, size: paddedSize }))
  return { root, paddedSize, payloadSize: (paddedSize / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES }
}

function wholeUnits(entries: readonly Uint8Array[]): Uint8Array {
  const unused = (entries.length * ENTRY_BYTES) % UNIT_PADDED_BYTES
  return concatBytes([...entries, new Uint8Array(unused)])
}

function positionOf({ offset, size }: { offset: number; size: number }): TreePosition {
  return { level: heightOf(size), index: offset / size }
}

function heightOf(paddedSize: number): number {
  return log2Floor(paddedSize / NODE_BYTES)
}
