/** More time for a deal as somebody wishes for it, and what it came to. */
import type { TxView } from '@granary/protocol/client'
import type { Epoch } from '@granary/protocol/messages'

/** Which deal is to go on, up to an epoch, or for so many epochs beyond its present end. */
export type ExtendWish = { readonly deal: number } & (
  | { readonly until: Epoch; readonly epochs?: never }
  | { readonly epochs: number; readonly until?: never }
)

/** A deal that goes on longer. */
export interface Extended {
  readonly tx: TxView
  /** An earlier call has paid for it, and did not see its end: nothing was sent now. */
  readonly resumed: boolean
  readonly endsAt: Epoch
}

/** The epoch that a deal is to end at. */
export function endOf({ until, epochs }: ExtendWish, endsAt: Epoch): Epoch {
  return until ?? endsAt + (epochs ?? 0)
}
