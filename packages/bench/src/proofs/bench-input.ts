/** What a measurement is given. */
import type { Profile } from '@granary/proofs/profile'

export interface BenchInput {
  readonly profile: Profile
  /** How many sectors at once, or in the list. */
  readonly sectors: number
  /** Shared with all else that seals: what the table of parents costs is measured apart. */
  readonly parentsDir: string
}

export interface SealedBenchInput extends BenchInput {
  /** A sealed sector to use as it is; else one is sealed first. Left as it was. */
  readonly dir?: string | undefined
}

export interface BenchOptions {
  readonly signal?: AbortSignal | undefined
  /** What is being done, in words: sectors are large. */
  readonly onProgress?: ((words: string) => void) | undefined
}
