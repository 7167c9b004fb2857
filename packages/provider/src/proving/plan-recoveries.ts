/** Which requests to recover a provider should send: pure, from what the chain says and what this store can still prove. */
import type { PartitionView } from '@granary/protocol/client'

export interface RecoveryPlan {
  readonly partition: number
  readonly sectors: readonly number[]
}

export interface ProvableSector {
  readonly number: number
  /** Past it a sector can not come back. */
  readonly expiry: number
}

/** As many as one RequestRecovery takes (docs/spec/chain.md, section 2). */
const SECTORS_MAX = 2_048

/**
 * One request a partition at a time, none while the chain would refuse it. A sector that does not prove is never
 * asked for: to miss a recovery costs as much as to miss a proof.
 */
export function planRecoveries(
  partitions: readonly PartitionView[],
  provable: readonly ProvableSector[],
  height: number,
): RecoveryPlan[] {
  const expiries = new Map(provable.map(({ number, expiry }) => [number, expiry]))
  return partitions
    .filter((view) => view.recovery === undefined && view.recoveryRequestedAt === undefined)
    .filter((view) => (view.recoveryBarredUntil ?? 0) <= height + 1)
    .map(({ number, faultySectors }) => ({
      partition: number,
      // The message may wait for a block or two.
      sectors: faultySectors.filter((sector) => (expiries.get(sector) ?? 0) > height + 3).slice(0, SECTORS_MAX),
    }))
    .filter(({ sectors }) => sectors.length > 0)
}
