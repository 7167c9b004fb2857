/** More time for a deal as somebody wishes for it, and what it came to. */
import type { TxView } from '@granary/protocol/client'
import type { ChainTime } from '@granary/protocol/epochs'
import type { Epoch } from '@granary/protocol/messages'
import type { Duration } from '../duration.ts'
import { epochAt, epochsOf } from '../epochs-of.ts'

/** Which deal is to go on, until a date, or for so long beyond its present end. */
export type ExtendWish = { readonly deal: number } & (
  | { readonly until: Date; readonly for?: never }
  | { readonly for: Duration; readonly until?: never }
)

/** A deal that goes on longer. */
export interface Extended {
  readonly tx: TxView
  /** An earlier call has paid for it, and did not see its end: nothing was sent now. */
  readonly resumed: boolean
  readonly endsAt: Epoch
  /** Milliseconds since 1970, an estimate. */
  readonly endsAtMs: number
}

/** The same wish as the chain counts. */
export type EpochWish = { readonly deal: number } & (
  | { readonly until: Epoch; readonly epochs?: never }
  | { readonly epochs: number; readonly until?: never }
)

/** @throws TIME_INVALID */
export function inEpochs(wish: ExtendWish, time: ChainTime): EpochWish {
  const { deal } = wish
  if (wish.until !== undefined) return { deal, until: epochAt(wish.until, 'until', time) }
  return { deal, epochs: epochsOf(wish.for, 'for', time) }
}

/** The epoch that a deal is to end at. */
export function endOf({ until, epochs }: EpochWish, endsAt: Epoch): Epoch {
  return until ?? endsAt + (epochs ?? 0)
}
