/** A deal that runs, with what the chain says beside it: what every verb that changes its end looks at first. */
import { GranaryError } from '@granary/base'
import type { ChainClient, ChainStatus, DealView } from '@granary/protocol/client'
import { momentOf } from '@granary/protocol/epochs'
import type { Epoch } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'

export interface RunningDeal {
  readonly deal: DealView
  readonly endsAt: Epoch
  readonly status: ChainStatus
}

/** The deal does not run: it is not proven yet, or it is over. */
export class DealNotRunningError extends GranaryError {
  constructor({ id, state }: DealView) {
    const isEarly = state === 'published' || state === 'committed'
    super({
      code: 'DEAL_OVER',
      message: `deal ${id} is ${state}: ${isEarly ? 'its end is not known before its sector is proven' : 'it has ended'}`,
      hint: isEarly ? 'wait until it is active' : 'put again, for a new deal',
      details: { deal: id, state },
    })
  }
}

/** The end that is asked for is not one that the deal can have. */
export class EndOutOfReachError extends GranaryError {
  /**
   * @param latest the last epoch that the deal can be brought to in this way; up to its end, when there is none
   * @param otherwise what can be done when there is none
   */
  constructor(
    { deal: { id }, endsAt, status }: RunningDeal,
    until: Epoch,
    latest: Epoch,
    why: string,
    otherwise = 'put again, for a new deal',
  ) {
    super({
      code: 'DEAL_NOT_EXTENDABLE',
      message: `deal ${id} ends ${momentOf(endsAt, status)}, and cannot be brought to ${momentOf(until, status)}: ${why}`,
      hint: latest > endsAt ? `name an end up to ${momentOf(latest, status)}` : otherwise,
      details: { deal: id, endsAt, until, latest },
    })
  }
}

/** @throws DealNotRunningError DEAL_OVER; GranaryError DEAL_NOT_FOUND */
export async function readRunningDeal(chain: ChainClient, id: number, options: CallOptions): Promise<RunningDeal> {
  const [status, deal] = await Promise.all([chain.status(options), chain.deal(id, options)])
  const { state, endsAt } = deal
  if (state !== 'active' || endsAt === undefined || endsAt <= status.height) throw new DealNotRunningError(deal)
  return { deal, endsAt, status }
}
