/**
 * The heavy loops of sealing, behind one interface: a C kernel and a TypeScript twin that gives the same bytes.
 * Bulk functions are synchronous and are called with about a MiB at a time.
 */
import { GranaryError } from '@granary/errors'
import type { HashPairs } from '../merkle/hash-pairs.ts'

export interface Kernel {
  readonly name: 'c' | 'ts'
  readonly hashPairs: HashPairs
  /** H2. */
  readonly hashPairs254: HashPairs
  /** out[v] = SHA-256(tag ‖ layers[0][v] ‖ … ‖ layers[L − 1][v]). */
  hashColumns(layers: readonly Uint8Array[], out: Uint8Array): void
  /** In the field; `out` may be an input. */
  addNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  subtractNodes(a: Uint8Array, b: Uint8Array, out: Uint8Array): void
  /** Writers of the 14 × u32LE of nodes `first` … */
  parentsWriter(porepId: Uint8Array, nodes: number): ParentsWriter
  /** Writes the labels of a layer to a new, synced file. Rejects with the signal's reason when aborted. */
  labelLayer(job: LabelJob): Promise<void>
}

export type ParentsWriter = (first: number, out: Uint8Array) => void

export interface LabelJob {
  readonly replicaId: Uint8Array
  /** 1 … L */
  readonly layer: number
  readonly nodes: number
  readonly parentsPath: string
  /** The layer before; undefined on layer 1. */
  readonly previousPath: string | undefined
  readonly outPath: string
  readonly signal?: AbortSignal | undefined
}

export class KernelError extends GranaryError {
  constructor(what: string) {
    super({
      code: 'KERNEL_FAILED',
      message: `the sealing kernel could not ${what}`,
      hint: 'check that the disk is not full and the sector folder readable and writable, then seal again: it goes on at the last finished layer',
      retryable: true,
    })
  }
}
