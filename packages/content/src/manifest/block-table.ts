/**
 * The blocks of a DAG whose leaves stay where they are: nodes with their bytes, leaves by their places, and then all of
 * them in order. In memory (`memory-block-table.ts`) or on the disk (`../node/file-block-table.ts`).
 */
import type { CID } from 'multiformats/cid'

/** Bytes of one of the files that were read. */
export interface LeafPlace {
  readonly file: number
  readonly offset: number
  readonly length: number
}

/** A node's bytes, or where a leaf's are. */
export type BlockContent = { readonly bytes: Uint8Array } | { readonly place: LeafPlace }

export type StoredBlock = {
  readonly cid: CID
  readonly blockBytes: number
} & BlockContent

/** Where a block stands in the order of the DAG, depth-first. */
export interface BlockPlace {
  readonly cid: CID
  readonly blockBytes: number
  /** Position of the node by which the order came to it; undefined for the root. */
  readonly parent: number | undefined
  /** Bytes that the sections of the blocks before it take in a CAR. */
  readonly start: number
}

export type OrderedBlock = StoredBlock & BlockPlace

export interface PlacedNow {
  readonly position: number
  readonly blockBytes: number
  /** Of a node: a leaf's stay where they are. */
  readonly bytes: Uint8Array | undefined
}

export interface BlockTable {
  /** A block that is there already stays as it is. */
  add(block: StoredBlock): void
  /** Gives a block the next position. @returns undefined when it has one already */
  place(cid: CID, at: { parent: number | undefined; start: number }): PlacedNow | undefined
  /** Blocks that have a position. */
  readonly length: number
  at(position: number): OrderedBlock
  /** The same without its bytes: a node of a large file has many, and most questions are about sizes. */
  placeAt(position: number): BlockPlace
  /** The same of its start alone, which is looked for in all of them. */
  startAt(position: number): number
}
