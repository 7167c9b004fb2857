/**
 * Whether a piece is a segment of an aggregate and is found by its index (FRC-0058, as go-data-segment's
 * ComputeExpectedAuxData checks it). Takes nothing in the proof on trust, never throws. No node: imports.
 */
import { equalBytes } from '@granary/base'
import { isPowerOfTwo, log2Floor } from '../../spec/bytes.ts'
import { UNIT_PADDED_BYTES } from '../../spec/fr32.ts'
import { NODE_BYTES } from '../../spec/profile.ts'
import type { InclusionProof } from './aggregate-pieces.ts'
import { indexStart } from './index-area.ts'
import { ENTRY_BYTES, encodeIndexEntry, entryNode } from './index-entry.ts'
import { type MerklePath, rootOfPath } from './sparse-tree.ts'

interface Piece {
  /** CommP, 32 bytes. */
  readonly root: Uint8Array
  readonly paddedSize: number
}

export interface InclusionInput {
  readonly piece: Piece
  readonly aggregate: Piece
  readonly proof: InclusionProof
}

export type InclusionRefusal =
  | 'INPUT_INVALID'
  | 'PATH_LENGTH_WRONG'
  | 'ENTRY_OUTSIDE_INDEX'
  | 'SEGMENT_WITHIN_INDEX'
  | 'SEGMENT_NOT_IN_AGGREGATE'
  | 'ENTRY_NOT_IN_AGGREGATE'

export type InclusionVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: InclusionRefusal }

export function verifyInclusion({ piece, aggregate, proof }: InclusionInput): InclusionVerdict {
  if (![piece, aggregate].every(isPiece) || ![proof?.segment, proof?.entry].every(isPath))
    return refuse('INPUT_INVALID')
  const { segment, entry } = proof
  if (!reaches(segment, piece.paddedSize, aggregate.paddedSize)) return refuse('PATH_LENGTH_WRONG')
  if (!reaches(entry, ENTRY_BYTES, aggregate.paddedSize)) return refuse('PATH_LENGTH_WRONG')
  const start = indexStart(aggregate.paddedSize)
  const offset = segment.index * piece.paddedSize
  if (entry.index * ENTRY_BYTES < start) return refuse('ENTRY_OUTSIDE_INDEX')
  if (offset + piece.paddedSize > start) return refuse('SEGMENT_WITHIN_INDEX')
  if (!equalBytes(rootOfPath(piece.root, segment), aggregate.root)) return refuse('SEGMENT_NOT_IN_AGGREGATE')
  // The entry is made anew, so that nothing but this piece at this place can be what the index names.
  const node = entryNode(encodeIndexEntry({ root: piece.root, offset, size: piece.paddedSize }))
  return equalBytes(rootOfPath(node, entry), aggregate.root) ? { ok: true } : refuse('ENTRY_NOT_IN_AGGREGATE')
}

function refuse(reason: InclusionRefusal): InclusionVerdict {
  return { ok: false, reason }
}

function isPiece(piece: Piece | undefined): boolean {
  return isNode(piece?.root) && isPowerOfTwo(piece!.paddedSize) && piece!.paddedSize >= UNIT_PADDED_BYTES
}

/** The index is bounded by the width of the tree where its length is checked. */
function isPath(path: MerklePath | undefined): boolean {
  return Number.isSafeInteger(path?.index) && Array.isArray(path!.siblings) && [...path!.siblings].every(isNode)
}

function isNode(node: unknown): boolean {
  return node instanceof Uint8Array && node.length === NODE_BYTES
}

/** From a subtree of `bytes` to the root over `paddedSize`, and within its width. */
function reaches({ index, siblings }: MerklePath, bytes: number, paddedSize: number): boolean {
  const width = paddedSize / bytes
  return width >= 1 && siblings.length === log2Floor(width) && index >= 0 && index < width
}
