/** How long a vote takes and what it costs to ask for one. No vote changes these: only other rules do. docs/spec/governance.md. */
import type { Genesis } from '@granary/protocol/records'

const SECOND_MS = 1_000
const DAY_MS = 86_400 * SECOND_MS
const GRN = 10n ** 18n

export interface VotingTerms {
  /** Epochs in which votes count, behind that of the proposal. */
  readonly period: number
  /** Epochs from the count to the block in which it is carried out: who does not agree may leave. */
  readonly delay: number
  readonly deposit: bigint
}

/** How far ahead an upgrade may be, which no other can overtake. */
const UPGRADE_AHEAD_MS = 180 * DAY_MS

export function votingTerms({ devnet, blockTimeMs }: Pick<Genesis, 'devnet' | 'blockTimeMs'>): VotingTerms {
  const epochsIn = (ms: number) => Math.max(1, Math.floor(ms / blockTimeMs))
  return devnet
    ? { period: epochsIn(20 * SECOND_MS), delay: epochsIn(5 * SECOND_MS), deposit: GRN }
    : { period: epochsIn(7 * DAY_MS), delay: epochsIn(2 * DAY_MS), deposit: 100n * GRN }
}

export function upgradeAheadMax({ blockTimeMs }: Pick<Genesis, 'blockTimeMs'>): number {
  return Math.floor(UPGRADE_AHEAD_MS / blockTimeMs)
}
