/**
 * A deal that has ended may still lock money of its client, because on the chain nothing is paid or given back before
 * somebody settles it. So put (once its price is agreed to), deals and status settle the ended
 * deals of their account, many with one message. When that fails, it is reported, and the call goes on. docs/spec/chain.md section 4.
 */

import { GranaryError } from '@granary/base'
import { type ChainClient, type DealView, sendMessage } from '@granary/protocol/client'
import type { ChainEvent } from '@granary/protocol/events'
import type { Signer } from '@granary/protocol/messages'

/** As many as one SettleDeals takes (docs/spec/chain.md, section 2); the next call goes on with the rest. */
const DEALS_MAX = 256
/** The state of its sector says whether a claim is decided: one request for each such deal. */
const CLAIMS_ASKED_MAX = 16
/** A person who looks at the deals does not wait longer than this for a chain whose blocks are full. */
const SETTLE_WAIT_MAX_MS = 30_000

/** What happens while ended deals are settled. */
export type SettleProgress =
  /** `back`: attoGRN in decimal that this settlement gave to clients, from prices and from collateral. */
  | { readonly type: 'settled'; readonly deals: readonly number[]; readonly back: string }
  | {
      readonly type: 'settle:failed'
      readonly deals: readonly number[]
      readonly code: string
      readonly message: string
      readonly hint: string
    }

export interface SettleEndedInput {
  readonly chain: ChainClient
  readonly signer: Signer
  /** Those of other accounts are left alone. */
  readonly deals: AsyncIterable<DealView> | Iterable<DealView>
  readonly report: (progress: SettleProgress) => void
}

/** @returns whether anything was settled @throws only the reason of the caller's own abort: everything else is reported */
export async function settleEnded(
  input: SettleEndedInput,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const { chain, signer, report } = input
  const deals: number[] = []
  const deadline = AbortSignal.timeout(SETTLE_WAIT_MAX_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  try {
    deals.push(...(await findEnded(input, signal)))
    if (deals.length === 0) return false
    const { events } = await sendMessage({ chain, signer, kind: 'SettleDeals', body: { deals } }, { signal })
    report({ type: 'settled', deals, back: String(backOf(events)) })
    return true
  } catch (error) {
    options.signal?.throwIfAborted()
    report({ type: 'settle:failed', deals, ...reasonOf(error, deadline.aborted) })
    return false
  }
}

async function findEnded({ chain, signer, deals }: SettleEndedInput, signal: AbortSignal): Promise<number[]> {
  const ended: number[] = []
  let claims = 0
  for await (const deal of deals) {
    if (deal.terms.client !== signer.address) continue
    if (awaitsSettlement(deal)) ended.push(deal.id)
    else if (deal.claim !== undefined && claims++ < CLAIMS_ASKED_MAX && (await isDecided(chain, deal, signal)))
      ended.push(deal.id)
    if (ended.length === DEALS_MAX) break
  }
  return ended
}

/** Whether the deal has ended, each of its epochs is known as proven or faulted, and it still locks its client's money. */
export function awaitsSettlement(deal: DealView): boolean {
  const { state, locked, claim } = deal
  const isOver = state === 'expired' || state === 'terminated' || state === 'lapsed' || state === 'cancelled'
  return isOver && claim === undefined && BigInt(locked) > 0n && hasNoOpenSpan(deal)
}

/** Whether the sector was proven again or is gone, so that the claim on its collateral can be settled. */
async function isDecided(chain: ChainClient, deal: DealView, signal: AbortSignal): Promise<boolean> {
  if (deal.sector === undefined || !hasNoOpenSpan(deal)) return false
  const { provider, number } = deal.sector
  return (await chain.sector(provider, number, { signal })).state !== 'faulty'
}

function hasNoOpenSpan({ activatedAt, endsAt, provenEpochs, faultedEpochs }: DealView): boolean {
  if (activatedAt === undefined || endsAt === undefined) return true
  return activatedAt + provenEpochs + faultedEpochs >= endsAt
}

/** attoGRN that came to clients by these events. */
export function backOf(events: readonly ChainEvent[]): bigint {
  return events.reduce((sum, event) => sum + backIn(event), 0n)
}

/**
 * Payments, terminations and lapses tell what is refunded from the price; ends and terminations what comes from collateral.
 */
function backIn(event: ChainEvent): bigint {
  switch (event.type) {
    case 'deal:paid':
    case 'deal:lapsed':
      return BigInt(event.refunded)
    case 'deal:expired':
      return BigInt(event.compensation)
    case 'deal:terminated':
      return BigInt(event.refunded) + BigInt(event.compensation)
    default:
      return 0n
  }
}

function reasonOf(error: unknown, isLate: boolean): { code: string; message: string; hint: string } {
  if (isLate) {
    const message = `no block took the settlement within ${SETTLE_WAIT_MAX_MS} ms`
    return { code: 'SETTLE_LATE', message, hint: 'look at the deals again later: what is still locked is tried again' }
  }
  if (GranaryError.is(error)) return { code: error.code, message: error.message, hint: error.hint }
  const message = Error.isError(error) ? error.message : String(error)
  return { code: 'UNEXPECTED', message, hint: 'look at the deals again later: what is still locked is tried again' }
}
