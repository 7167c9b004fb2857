/** Which requests to recover a provider should send: pure, from what the chain says and what this store can still prove. */
import type { PartitionView } from '@granary/protocol/client'

export interface ProvableSector {
  readonly number: number
  /** Past it a sector can not come back. */
  readonly expiry: number
}

/** As many as one RequestRecovery takes (docs/spec/chain.md, section 2). */
const SECTORS_MAX = 2_048

/** A sector that does not prove is never asked for: to miss a recovery costs as much as to miss a proof. */
export function planRecovery(faulty: readonly number[], provable: readonly ProvableSector[], height: number): number[] {
  const expiries = new Map(provable.map(({ number, expiry }) => [number, expiry]))
  // The message may wait for a block or two.
  return faulty.filter((sector) => (expiries.get(sector) ?? 0) > height + 3).slice(0, SECTORS_MAX)
}

/** One request a partition at a time: whether the chain would take it, and some sector may be in need of one. */
export function mayRecover(view: PartitionView, height: number): boolean {
  if (view.sound === view.sectors || view.recovery !== undefined || view.recoveryRequestedAt !== undefined) return false
  return (view.recoveryBarredUntil ?? 0) <= height + 1
}
