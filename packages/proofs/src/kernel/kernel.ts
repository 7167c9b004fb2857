/**
 * The heavy work of sealing, behind one interface: native kernels, and a TypeScript twin that gives the same bytes. Small
 * bulk functions are synchronous, for about a MiB at a time; whole steps work from file to file, off the event loop where
 * the kernel is native, and stop within a tenth of a second when their signal is aborted.
 */
import { GranaryError } from '@granary/base'
import { UNIT_PAYLOAD_BYTES } from '../spec/fr32.ts'
import type { HashPairs } from '../spec/hash-pairs.ts'
import type { PieceCommitment } from '../spec/piece-hasher.ts'

export type KernelName = 'shani' | 'c' | 'ts'

export interface Kernel {
  readonly name: KernelName
  readonly hashPairs: HashPairs
  /** H2. */
  readonly hashPairs254: HashPairs
  /** Whole units of 127 bytes. */
  padFr32(payload: Uint8Array): Uint8Array
  /** out[v] = SHA-256(tag ‖ layers[0][v] ‖ … ‖ layers[L − 1][v]). */
  hashColumns(layers: readonly Uint8Array[], out: Uint8Array): void
  /** In the field; `out` may be an input. */
  addNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  subtractNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  /** Writers of the 14 × u32LE of nodes `first` … */
  parentsWriter(porepId: Uint8Array, nodes: number): ParentsWriter

  /** Writes and syncs the table of a graph; gives its SHA-256 in hex. @throws CheckpointError */
  buildParents(job: ParentsJob): Promise<string>
  /** @throws MemoryError MEMORY_TOO_SMALL */
  openLabeller(lanes: number, nodes: number): Labeller
  /** Layers → columns → treeC; gives its root. */
  commitColumns(job: ColumnsJob): Promise<Uint8Array>
  /** CommD over the pieces of a sector. */
  commitData(job: DataJob): Promise<Uint8Array>
  /** Pieces and key → replica, treeR and treeD, synced; CommD is that of the very bytes that were encoded. */
  encode(job: EncodeJob): Promise<{ commD: Uint8Array; commRLast: Uint8Array }>
  /** A range of a replica without its key, as payload, synced. */
  decode(job: DecodeJob): Promise<void>
  /** CommP of what an open file holds from where it stands, in constant memory. */
  commitPayload(job: PayloadJob): Promise<PieceCommitment>
  /**
   * CommP of the first `length` bytes of this memory, at most COMMIT_BYTES_MAX, beyond which it has COMMIT_ROOM_BYTES. Until it has
   * resolved the memory is the kernel's; what follows the bytes is written over.
   */
  commitBytes(memory: Uint8Array, length: number): Promise<PieceCommitment>
}

/** 4 MiB, padded. */
export const COMMIT_BYTES_MAX: number = 64 * 512 * UNIT_PAYLOAD_BYTES
/** The rest of a unit, and what is read of the next. */
export const COMMIT_ROOM_BYTES: number = UNIT_PAYLOAD_BYTES + 8

export type ParentsWriter = (first: number, out: Uint8Array) => void

interface Job {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number) => void) | undefined
}

/** So many items at the start of a file, of this SHA-256 in hex. */
export interface Checkpoint {
  readonly count: number
  readonly sha256: string
}

export interface ParentsJob extends Job {
  readonly porepId: Uint8Array
  readonly nodes: number
  readonly path: string
  /** Written while the work goes on, and when it is stopped. */
  readonly checkpointPath: string
  /** What is in the file already. */
  readonly start?: Checkpoint | undefined
}

/** Labels layer after layer, keeping in memory what the next one needs. One job at a time. */
export interface Labeller {
  /** Writes and syncs a layer of each lane; gives their SHA-256 in hex. @throws CheckpointError, KernelError */
  labelLayer(job: LayerJob): Promise<string[]>
  /** Gives its memory back. */
  close(): void
}

export interface LayerJob extends Job {
  /** 1 … L */
  readonly layer: number
  readonly parentsPath: string
  /** Sectors in lockstep. */
  readonly lanes: readonly LayerLane[]
}

export interface LayerLane {
  readonly replicaId: Uint8Array
  /** The layer before; undefined on layer 1. */
  readonly previousPath: string | undefined
  readonly outPath: string
  /** Written at least every minute, and when the work is stopped. */
  readonly checkpointPath: string
  /** What is in the file already, as much in each lane. */
  readonly start?: Checkpoint | undefined
}

export interface ColumnsJob extends Job {
  readonly nodes: number
  readonly layerPaths: readonly string[]
  readonly treePath: string
}

export interface PlacedPiece {
  readonly path: string
  readonly payloadSize: number
  /** In padded bytes. */
  readonly offset: number
}

export interface DataJob extends Job {
  readonly nodes: number
  readonly pieces: readonly PlacedPiece[]
}

export interface EncodeJob extends DataJob {
  readonly keyPath: string
  readonly replicaPath: string
  readonly treeRPath: string
  readonly treeDPath: string
}

export interface DecodeJob extends Job {
  readonly nodes: number
  readonly replicaPath: string
  readonly keyPath: string
  /** In padded bytes, a multiple of 128. */
  readonly offset: number
  readonly payloadSize: number
  readonly outPath: string
}

export interface PayloadJob extends Job {
  readonly fd: number
  /** @default 1 */
  readonly threads?: number | undefined
}

export class KernelError extends GranaryError {
  constructor(what: string) {
    super({
      code: 'KERNEL_FAILED',
      message: `the sealing kernel could not ${what}`,
      hint: 'check that the disk is not full and the sector folder readable and writable, then seal again: it goes on where it stopped',
    })
  }
}

export class CheckpointError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'CHECKPOINT_DAMAGED',
      message: `${path} does not hold what its checkpoint says`,
      hint: 'remove the checkpoint beside it: the file is made anew',
    })
  }
}

export class MemoryError extends GranaryError {
  constructor(neededBytes: number, availableBytes: number) {
    super({
      code: 'MEMORY_TOO_SMALL',
      message: `labelling takes ${neededBytes} bytes of memory, and ${availableBytes} are available`,
      hint: 'seal fewer sectors together, smaller ones, or on a machine with more memory',
      details: { neededBytes, availableBytes },
    })
  }
}
