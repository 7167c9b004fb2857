/**
 * A prepared upload into the market: quote, upload, agree, publish, follow, for each copy of each piece. Killed at any point
 * and called again, it goes on where it was: nothing is sent twice that a provider has, nothing is paid twice.
 */
import { GranaryError, isLoopbackUrl, reporter } from '@granary/base'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Duration } from '../duration.ts'
import type { Slot, UploadState } from '../journal/upload-state.ts'
import type { Ports } from '../ports.ts'
import { agreeToPrice, priceAgreed, type SpendingAllowed } from './agree-to-price.ts'
import { ENDED } from './events-at-start.ts'
import { pathOf } from './path-of.ts'
import type { Prepared } from './prepare-upload.ts'
import type { MissingSlot } from './put-partial.ts'
import type { PutProgress } from './put-progress.ts'
import type { PutDeal, PutResult } from './put-result.ts'
import { runUpload } from './run-upload.ts'
import { priceOf } from './slot-price.ts'
import { stateOf, type UploadRun } from './upload-run.ts'
import { withoutEffect } from './without-effect.ts'

/** What is wanted of a put. */
export interface PutOptions extends SpendingAllowed {
  /** From activation, such as `days(180)`. @default an hour on a devnet, 180 days elsewhere */
  readonly duration?: Duration | undefined
  /**
   * A standing order: at the price of the deals, what comes due after their duration is paid out of the balance, up to then, as long as
   * it is proven. It can be ended at any time.
   */
  readonly renewUntil?: Date | undefined
  /** Of each piece, with as many different providers. @default 1, or as many as an earlier put of this content has */
  readonly copies?: number | undefined
  /** @default the best that fit and answer: `quote()` says which, and why */
  readonly provider?: number | undefined
  /** Hundredths of a percent of the price that a provider is to put up. @default what the chain demands at least */
  readonly collateralShareBps?: number | undefined
  /** Goes on the chain, for all to see; at most 256 bytes. @default empty */
  readonly label?: string | undefined
  /** Make another deal even though this content has an active one. @default false */
  readonly again?: boolean | undefined
  /**
   * What is waited for: that the deals are on the chain and paid, or that the data is sealed and proven.
   * @default what an interrupted put of this content was to wait for, else 'active'
   */
  readonly until?: 'published' | 'active' | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PutProgress) => void) | undefined
}

/**
 * Brings a prepared upload to its end.
 * @throws SpendingUnconfirmedError, PriceAboveMaxError, SessionKeyError, InsufficientFundsError, PutPartialError; when no deal was made, what
 * the first one failed for: NoProviderError, PriceChangedError, DealEndedError, and the errors of chain and provider
 */
export async function putPrepared(ports: Ports, prepared: Prepared, options: PutOptions): Promise<PutResult> {
  const { label = '', signal, provider, collateralShareBps } = options
  const report = reporter(options.onProgress)
  const call: CallOptions = { signal }
  const { status, order, log, quote, planned, survey, skipped, feesPerDeal, dealFees } = prepared
  const isOwnDevnet = status.devnet && isLoopbackUrl(ports.chain.url)
  const maxPrice = await agreeToPrice(quote, options, isOwnDevnet, prepared.state.spending?.maxPrice)
  const { address, sessionKey } = ports.account
  if (sessionKey !== undefined && quote.slots.length > 0) {
    const { checkSessionKey } = await import('../account/check-session-key.ts')
    await checkSessionKey(
      { chain: ports.chain, address, sessionKey, cost: BigInt(quote.total) - BigInt(quote.spareFees) },
      call,
    )
  }
  // Before the balance is looked at: what comes back from ended deals may pay for this.
  const deals = await prepared.dealsOf(call)
  // Most who put have none, and load nothing for them.
  if (deals.some(({ state, claim }) => ENDED.has(state) || claim !== undefined)) {
    const { settleEnded } = await import('../deals/settle-ended.ts')
    await settleEnded({ chain: ports.chain, signer: ports.account, deals, report }, call)
  }
  for (const event of prepared.events) await log.append(event)
  const inAll = options.maxPrice !== undefined && prepared.isInterrupted
  for (const event of priceAgreed(stateOf({ log }), { maxPrice, inAll, isToPay: quote.slots.length > 0 }))
    await log.append(event)
  const run: UploadRun = {
    ...{
      ports,
      status,
      order,
      log,
      label,
      collateralShareBps,
      provider,
      maxPrice,
      feesPerDeal,
      dealFees,
      skipped,
      survey,
      report,
    },
    met: new Map(),
    refusals: new Map(),
    forgotten: new Map(),
    withdrawn: new Set(),
    namings: new Map(),
    tokens: new Map(),
    async compare() {
      for (const event of await prepared.compare(call)) await log.append(event)
      reportResumed(stateOf(run), report)
    },
  }
  reportResumed(stateOf(run), report)
  if (planned.length > 0) {
    const { candidates } = await survey(call)
    for (const { slot, provider: chosen } of planned) {
      const candidate = candidates.find(({ view }) => view.id === chosen)
      if (candidate === undefined) continue
      const { endpoint, view } = candidate
      report({ type: 'provider:chosen', slot, provider: view.id, name: view.name, endpoint })
      await log.append({ type: 'slot:chosen', slot, provider: view.id })
      run.met.set(slot, candidate)
    }
  }
  const failures = await runUpload(run, untilOf(prepared, options), call)
  const state = stateOf(run)
  const made = dealsOf(state, skipped)
  // In the order of the pieces, whichever failed first.
  const missing = [...failures].sort(([a], [b]) => a - b).map(([slot, error]) => missingSlot(state, slot, error))
  if (missing.length > 0 && made.length === 0) throw failures.get(missing[0]!.slot)
  const result = { ...resultOf(prepared, state, made), withoutEffect: withoutEffect(options, prepared, state) }
  if (missing.length === 0) return result
  const { PutPartialError } = await import('./put-partial.ts')
  throw new PutPartialError(result, missing, failures.get(missing[0]!.slot))
}

/** An upload whose deals are all on the chain was not interrupted: who puts it again waits for the rest of it. */
function untilOf({ state, skipped }: Prepared, { until }: PutOptions): 'published' | 'active' {
  const isOver = state.slots.every((slot, index) => skipped.has(index) || 'dealId' in slot)
  return until ?? (isOver ? undefined : state.until) ?? 'active'
}

function missingSlot({ slots }: UploadState, slot: number, error: unknown): MissingSlot {
  const { piece, copy } = slots[slot]!
  const code = GranaryError.is(error) ? error.code : 'UNEXPECTED'
  return { slot, piece, copy, code, message: Error.isError(error) ? error.message : String(error) }
}

function dealsOf({ slots }: UploadState, skipped: ReadonlySet<number>): PutDeal[] {
  return slots.flatMap((slot, index): PutDeal[] => {
    if (skipped.has(index) || (slot.state !== 'published' && slot.state !== 'active')) return []
    const { piece, copy, state, agreementId, dealId } = slot
    const { pieceCid, pieceSize, payloadSize, provider } = dealTermsFromJson(slot.terms)
    const price = `${priceOf(slot)}`
    return [{ piece, copy, state, dealId, provider, pieceCid, pieceSize, payloadSize, agreementId, price }]
  })
}

function resultOf(
  { manifest }: Prepared,
  { rootCid, fileBytes }: UploadState,
  deals: readonly PutDeal[],
): Omit<PutResult, 'withoutEffect'> {
  const { piece: _piece, copy: _copy, state: _state, ...first } = deals[0]!
  const price = `${deals.reduce((sum, deal) => sum + BigInt(deal.price), 0n)}`
  return { rootCid, path: pathOf(manifest), fileBytes, ...first, price, deals }
}

/** How far an earlier run of this upload had come, if there was one. */
function reportResumed({ slots }: UploadState, report: (progress: PutProgress) => void): void {
  for (const [slot, found] of slots.entries()) {
    const step = resumedStep(found)
    if (step !== undefined) report({ type: 'resumed', slot, step })
  }
}

function resumedStep(slot: Slot): 'upload' | 'publish' | 'follow' | 'done' | undefined {
  switch (slot.state) {
    case 'active':
      return 'done'
    case 'published':
      return 'follow'
    case 'agreed':
      return 'publish'
    case 'vacant':
      return undefined
    default:
      return slot.uploadUrl === undefined ? undefined : 'upload'
  }
}
