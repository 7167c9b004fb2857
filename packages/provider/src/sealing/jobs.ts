/** The heavy jobs of sealing, as they travel through the queue: JSON in, JSON out, bytes as 0x hex or as files. */
import type { Hex } from '@granary/base'
import type { ProfileName } from '@granary/proofs/profile'
import type { SealProgress } from '@granary/proofs/seal'

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

export type ProviderJobs = {
  seal: { input: SealInput; progress: SealProgress; result: SealResult }
  unseal: { input: UnsealInput; progress: never; result: null }
  porep: { input: ReplicationInput; progress: never; result: ReplicationResult }
}
