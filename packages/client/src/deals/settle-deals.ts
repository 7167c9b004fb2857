/** Has the chain pay what is proven of deals, and give back what is over: anybody may. */
import { type ChainClient, sendMessage, type TxView } from '@granary/protocol/client'
import type { AttoGrn, Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { awaitsSettlement, backOf } from './settle-ended.ts'

export interface SettleInput {
  readonly chain: ChainClient
  readonly signer: Signer
  /** @default those of the account that have ended and still lock money */
  readonly deals?: readonly number[] | undefined
}

/** What came back from deals that had ended. */
export interface Settled {
  readonly deals: readonly number[]
  /** attoGRN that came to clients. */
  readonly back: AttoGrn
  /** attoGRN that came to providers. */
  readonly paid: AttoGrn
  readonly fee: AttoGrn
}

/** As many as one message takes (docs/spec/chain.md, section 2). */
const DEALS_MAX = 256

/** A second time changes nothing, and costs its fee. @throws GranaryError DEAL_NOT_FOUND, … */
export async function settleDeals(input: SettleInput, options: CallOptions = {}): Promise<Settled> {
  const { chain, signer } = input
  const deals = [...new Set(input.deals ?? (await ownEnded(chain, signer, options)))]
  const txs: TxView[] = []
  for (let from = 0; from < deals.length; from += DEALS_MAX) {
    const body = { deals: deals.slice(from, from + DEALS_MAX) }
    txs.push(await sendMessage({ chain, signer, kind: 'SettleDeals', body }, options))
  }
  const events = txs.flatMap(({ events }) => events)
  const paid = events.reduce((sum, event) => sum + (event.type === 'deal:paid' ? BigInt(event.paid) : 0n), 0n)
  const fee = txs.reduce((sum, tx) => sum + BigInt(tx.fee), 0n)
  return { deals, back: backOf(events), paid, fee }
}

/** @returns numbers of deals of the account that have ended and still lock money */
export async function ownEnded(
  chain: ChainClient,
  { address }: Pick<Signer, 'address'>,
  options: CallOptions = {},
): Promise<number[]> {
  const found: number[] = []
  for await (const deal of chain.deals({ client: address }, options)) if (awaitsSettlement(deal)) found.push(deal.id)
  return found
}
