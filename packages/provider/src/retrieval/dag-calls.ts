/** What goes between the gateway and the thread that reads DAGs: a question, and an answer by its number. */
import type { WireError } from '@granary/base'
import type { Denylist } from '../denylist/denylist.ts'
import type { Want } from './bitswap-message.ts'
import type { StoredPiece } from './block-index.ts'
import type { DagEntity, DagPath, DagTarget, Listing } from './dag-reader.ts'
import type { CarFormat } from './wanted-format.ts'

export type DagCall =
  | { readonly type: 'target'; readonly path: DagPath }
  | { readonly type: 'block'; readonly cid: string }
  | { readonly type: 'entity'; readonly cid: string; readonly sniff: boolean }
  | { readonly type: 'list'; readonly cid: string }
  | { readonly type: 'objectText'; readonly cid: string }
  /** Of a peer by bitswap, in the order in which they are answered. */
  | { readonly type: 'wanted'; readonly wants: readonly Want[] }
  /** Begins a stream, whose number is that of the question, and gives its first part. */
  | { readonly type: 'car'; readonly path: DagPath; readonly format: CarFormat }
  | { readonly type: 'fileBytes'; readonly cid: string; readonly from: number; readonly to: number }
  | { readonly type: 'pieceBytes'; readonly piece: StoredPiece; readonly from: number; readonly to: number }
  | { readonly type: 'next'; readonly stream: number }
  /** Ends what was asked under that number, whether it is a stream or an answer that is still looked for. */
  | { readonly type: 'close'; readonly call: number }

export interface DagAnswers {
  readonly target: DagTarget
  readonly block: Given
  readonly entity: DagEntity
  readonly list: Listing
  readonly objectText: string | undefined
  readonly wanted: AnsweredWants
  readonly car: PartOfStream
  readonly fileBytes: PartOfStream
  readonly pieceBytes: PartOfStream
  readonly next: PartOfStream
  readonly close: undefined
}

/** Handed over: nobody else looks at them. Those in shared memory are to be given back. */
export interface Given {
  readonly bytes: Uint8Array
}

/** A message of bitswap, or nothing; @see Given */
export interface AnsweredWants extends Given {
  /** How many of what was asked, from the first one. */
  readonly answered: number
  readonly served: readonly { readonly cid: string; readonly bytes: number }[]
}

/** @see Given */
export interface PartOfStream extends Given {
  /** Nothing comes after it. */
  readonly isLast: boolean
}

/** From then on; what was asked before may still be answered by the earlier ones. */
export interface Denylists {
  readonly denylists: readonly Denylist[]
}

/** Of bytes that were given, and are not looked at any more. */
export interface FreeMemory {
  readonly memory: SharedArrayBuffer
}

/** What is not answered. */
export type DagOrder = Denylists | FreeMemory

/** What the thread begins with. */
export interface DagReaderData extends Denylists {
  /** The file of the block index. */
  readonly indexPath: string
}

export interface DagQuestion {
  readonly id: number
  readonly call: DagCall
}

export type DagMessage =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError }
  | { readonly event: { readonly type: string; readonly [field: string]: unknown } }
