/**
 * The heavy jobs of sealing, as they travel through the queue: JSON in, JSON out, bytes as 0x hex or as files. Who changes
 * a form of them counts it up in work-version.ts.
 */
import type { Hex } from '@granary/base'
import type { ProfileName } from '@granary/proofs/profile'
import type { SealProgress } from '@granary/proofs/seal'
import type { JobOutcome } from '../wire-error.ts'

export interface SealInput {
  readonly profile: ProfileName
  readonly provider: number
  readonly sector: number
  readonly ticket: string
  /** In sector order. */
  readonly pieces: readonly { readonly path: string; readonly payloadSize: number; readonly paddedSize: number }[]
  readonly dir: string
  readonly parentsDir: string
}

/** Of one profile; they go in lockstep where the machine has the memory. */
export interface SealTogetherInput {
  readonly sectors: readonly SealInput[]
}

export interface SealTogetherProgress {
  /** Of the sector in the input. */
  readonly position: number
  readonly progress: SealProgress
}

/**
 * In the order of the input, of as many of the first ones as were sealed: one that fails does not keep the others from being
 * sealed, and those that the machine had no memory for are to be asked for again.
 */
export interface SealTogetherResult {
  readonly sectors: readonly JobOutcome<SealResult>[]
}

export interface SealResult {
  readonly commD: Hex
  readonly commR: Hex
  readonly sealMs: number
  /** False: it went on where an earlier try was broken off, and `sealMs` is of the rest. */
  readonly isWhole: boolean
}

export interface ReplicationInput {
  readonly profile: ProfileName
  readonly provider: number
  readonly sector: number
  readonly ticket: string
  readonly seed: string
  readonly commD: string
  readonly commR: string
  readonly dir: string
  readonly parentsDir: string
}

/** The proof itself is written into the sector's folder: it may have megabytes, and must outlive the process. */
export interface ReplicationResult {
  readonly proofBytes: number
  readonly proveMs: number
}

export interface UnsealInput {
  readonly dir: string
  readonly parentsDir: string
  /** In padded bytes. */
  readonly offset: number
  readonly payloadSize: number
  readonly out: string
}

export interface ParentsInput {
  readonly profile: ProfileName
  readonly parentsDir: string
}

export type ProviderJobs = {
  parents: { input: ParentsInput; progress: never; result: null }
  seal: { input: SealTogetherInput; progress: SealTogetherProgress; result: SealTogetherResult }
  unseal: { input: UnsealInput; progress: never; result: null }
  porep: { input: ReplicationInput; progress: never; result: ReplicationResult }
}
