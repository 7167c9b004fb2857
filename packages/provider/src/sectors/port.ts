/** What sealing and proving need from the deals' side of the provider; the composition root fills it. */
import type { TimelineEvent } from '@granary/protocol/events'

/** A published deal that lies in no sector yet. */
export interface PlaceableDeal {
  /** The chain's id. */
  readonly dealId: number
  readonly agreementId: string
  /** v2. */
  readonly pieceCid: string
  readonly payloadSize: number
  /** A power of two ≥ 128. */
  readonly paddedSize: number
  readonly publishedAt: number
  /** The last epoch in which it can become active; undefined where that was not written down. */
  readonly activateBy?: number
  /** The last epoch to which the deal can run, had it been activated as late as its terms allow. */
  readonly endsBy: number
}

export interface DealFeed {
  publishedUnplaced(): PlaceableDeal[]
  /** Its bytes are here and not in their place yet: their disk did not answer when they were to be put there. */
  isStaged(pieceCid: string): boolean
  /** Says which sector the deals go to. Saying it again changes nothing. */
  assign(dealIds: readonly number[], sector: number): void
  /** The deals' sector came to nothing: those that are still wanted are unplaced again. */
  unassign(dealIds: readonly number[]): void
  /** One entry on the timeline of each deal. */
  record(dealIds: readonly number[], event: TimelineEvent): void
  setState(dealId: number, state: 'sealing' | 'active' | 'expired' | 'terminated', reason?: string): void
}
