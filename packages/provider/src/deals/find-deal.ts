/**
 * A deal by its agreement or its number. A number that is not known here may be younger than the last block that was
 * followed: the chain says whose agreement it is, so that whoever has just published need not wait for us.
 */
import { GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'
import type { DealRecord, DealStore } from './deal-store.ts'

export interface FindDealContext {
  readonly deals: Pick<DealStore, 'find'>
  /** What the chain says; undefined when it has no deal of that number. */
  readonly agreementOf: (dealId: number) => Promise<Hash | undefined>
}

export class DealNotFoundError extends GranaryError {
  constructor(id: string) {
    super({
      code: 'DEAL_NOT_FOUND',
      message: `this provider has no deal ${id}`,
      hint: 'ask by the agreement id (0x…) or by the number of the deal on the chain',
      details: { id },
    })
  }
}

/** @throws DealNotFoundError; CHAIN_UNREACHABLE, … */
export async function findDeal({ deals, agreementOf }: FindDealContext, id: string): Promise<DealRecord> {
  const known = deals.find(id)
  if (known !== undefined) return known
  const agreementId = id.startsWith('0x') ? undefined : await agreementOf(Number(id))
  const deal = agreementId === undefined ? undefined : deals.find(agreementId)
  if (deal === undefined) throw new DealNotFoundError(id)
  return deal
}
