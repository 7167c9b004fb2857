/** Whose ask on the chain fits a piece, the cheapest first; and who answers at its address. Each other has its reason. */
import { GranaryError, isAbortError } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import { type ChainTime, formatEpochs } from '@granary/protocol/epochs'
import { getInfo, type ProviderInfo } from '@granary/protocol/market'
import type { Fetch } from '../ports.ts'
import { askProvider } from './ask-provider.ts'
import { retrying } from './retrying.ts'

/** Size in bytes and duration in epochs of what is to be stored. */
export interface PieceWanted {
  /** Padded piece size in bytes. */
  readonly pieceSize: number
  /** Epochs. */
  readonly duration: number
  /** Hundredths of a percent of the price that it has to put up. @default what the chain demands at least */
  readonly collateralShareBps?: number | undefined
  /** The epoch up to which a standing order is to keep the deal going at its price. */
  readonly renewUntil?: number | undefined
  /** Only this provider will do. */
  readonly provider?: number | undefined
  /** Of the piece, each with another provider. @default 1 */
  readonly copies?: number | undefined
  /** Providers that have refused this very piece already, each with its words. */
  readonly refusedBy?: ReadonlyMap<number, string> | undefined
}

/** Why a provider was not chosen. */
export type RefusalReason =
  | 'NOT_THE_ONE_ASKED_FOR'
  | 'REFUSED'
  | 'NO_ASK'
  | 'ASK_EXPIRED'
  | 'PIECE_TOO_SMALL'
  | 'PIECE_TOO_LARGE'
  | 'DURATION_TOO_SHORT'
  | 'DURATION_TOO_LONG'
  | 'COLLATERAL_TOO_LOW'
  | 'ORDER_TOO_LONG'
  | 'NO_ENDPOINT'
  | 'UNREACHABLE'
  | 'NOT_THE_PROVIDER'
  | 'OTHER_CHAIN'
  | 'NO_SPACE'

/** A provider that was not chosen, and why. */
export interface ProviderRefusal {
  readonly provider: number
  readonly name: string
  readonly reason: RefusalReason
  readonly message: string
}

/** Nobody on the chain takes this piece for this time. */
export class NoProviderError extends GranaryError {
  readonly refusals: readonly ProviderRefusal[]

  constructor(wanted: PieceWanted, refusals: readonly ProviderRefusal[], now: ChainTime) {
    const what = `a piece of ${wanted.pieceSize} bytes for ${formatEpochs(wanted.duration, now)}`
    const relevant = refusals.filter(({ reason }) => reason !== 'NOT_THE_ONE_ASKED_FOR')
    const why = relevant.map(({ provider, name, message }) => `provider ${provider}${name && ` (${name})`}: ${message}`)
    const none = wanted.provider === undefined ? 'no provider is registered on this chain' : 'there is no such provider'
    super({
      code: 'NO_PROVIDER',
      message: `nobody takes ${what}${wanted.provider === undefined ? '' : ` as provider ${wanted.provider}`}: ${why.join('; ') || none}`,
      hint: hintFor(relevant, wanted),
      retryable: relevant.some(({ reason }) => reason === 'UNREACHABLE'),
      details: { pieceSize: wanted.pieceSize, duration: wanted.duration, refusals: relevant },
    })
    this.refusals = relevant
  }
}

function hintFor(refusals: readonly ProviderRefusal[], { provider: asked, copies = 1 }: PieceWanted): string {
  const reasons = new Set(refusals.map(({ reason }) => reason))
  if (reasons.size === 0 && asked !== undefined) return 'check the number, or let any provider take it'
  if (reasons.size === 0) return 'start one with `granary provider init` and `granary provider run`'
  if (reasons.has('UNREACHABLE')) return 'check that the provider runs and that its address can be reached from here'
  if (reasons.has('DURATION_TOO_SHORT') || reasons.has('DURATION_TOO_LONG')) return 'ask for another duration'
  if (reasons.has('COLLATERAL_TOO_LOW')) return 'ask for less collateral'
  const fewer = copies > 1 ? 'ask for fewer copies, ' : ''
  return `${fewer}wait for a provider whose ask fits, or start one of your own`
}

/** Providers whose ask fits, the cheapest first and the lower id first among equals; the others with their reason. */
export function rankProviders(
  providers: readonly ProviderView[],
  wanted: PieceWanted,
  now: ChainTime,
): { readonly candidates: readonly ProviderView[]; readonly refusals: readonly ProviderRefusal[] } {
  const candidates: ProviderView[] = []
  const refusals: ProviderRefusal[] = []
  for (const view of providers) {
    const refusal = refusalOf(view, wanted, now)
    if (refusal) refusals.push(refuse(view, ...refusal))
    else candidates.push(view)
  }
  return { candidates: candidates.sort(cheapestFirst), refusals }
}

function refusalOf(view: ProviderView, wanted: PieceWanted, now: ChainTime): [RefusalReason, string] | undefined {
  const { ask } = view
  const { pieceSize, duration, collateralShareBps = 0 } = wanted
  if (wanted.provider !== undefined && wanted.provider !== view.id) {
    return ['NOT_THE_ONE_ASKED_FOR', `provider ${wanted.provider} was asked for`]
  }
  const refusal = wanted.refusedBy?.get(view.id)
  if (refusal !== undefined) return ['REFUSED', refusal]
  if (!ask) return ['NO_ASK', 'it has not set a price']
  if (ask.validUntil <= now.height)
    return ['ASK_EXPIRED', `its ask ended ${formatEpochs(now.height - ask.validUntil, now)} ago`]
  if (pieceSize < ask.pieceSizeMin) return ['PIECE_TOO_SMALL', `it takes pieces of ${ask.pieceSizeMin} bytes or more`]
  if (pieceSize > ask.pieceSizeMax) return ['PIECE_TOO_LARGE', `it takes pieces of ${ask.pieceSizeMax} bytes or less`]
  if (duration < ask.durationMin)
    return ['DURATION_TOO_SHORT', `it takes deals of ${formatEpochs(ask.durationMin, now)} or more`]
  if (duration > ask.durationMax)
    return ['DURATION_TOO_LONG', `it takes deals of ${formatEpochs(ask.durationMax, now)} or less`]
  if (ask.collateralShareMaxBps < collateralShareBps)
    return ['COLLATERAL_TOO_LOW', `it puts up ${ask.collateralShareMaxBps} bps of the price at most`]
  if (!endpointOf(view)) return ['NO_ENDPOINT', 'it has no HTTP address on the chain']
  return undefined
}

export function refuse(view: ProviderView, reason: RefusalReason, message: string): ProviderRefusal {
  return { provider: view.id, name: view.name, reason, message }
}

function cheapestFirst(a: ProviderView, b: ProviderView): number {
  const difference = BigInt(a.ask?.pricePerGiBEpoch ?? 0) - BigInt(b.ask?.pricePerGiBEpoch ?? 0)
  return difference === 0n ? a.id - b.id : difference < 0n ? -1 : 1
}

/** The first HTTP address that a provider has on the chain, without a slash at the end. */
export function endpointOf(view: ProviderView): string | undefined {
  return view.endpoints.find((endpoint) => /^https?:\/\//.test(endpoint))?.replace(/\/+$/, '')
}

/** How long one provider is asked, retries included: it may be starting again. */
const ANSWER_MAX_MS = 6_000

export interface AskOptions {
  readonly fetch: Fetch | undefined
  readonly signal: AbortSignal | undefined
}

export type Answer = ProviderInfo | { readonly message: string }

export async function readInfo(endpoint: string, { fetch, signal }: AskOptions): Promise<Answer> {
  const deadline = AbortSignal.timeout(ANSWER_MAX_MS)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  try {
    return await retrying(
      () => askProvider(endpoint, getInfo, { params: {}, body: undefined }, { fetch, signal: either }),
      {
        signal,
        retries: 2,
      },
    )
  } catch (error) {
    if (isAbortError(error)) throw error
    return { message: Error.isError(error) ? error.message : String(error) }
  }
}

export function checkInfo(
  view: ProviderView,
  info: ProviderInfo,
  genesisHash: string,
  wanted: PieceWanted,
): readonly [RefusalReason, string] | undefined {
  if (info.chain.genesisHash !== genesisHash) return ['OTHER_CHAIN', `it works on the chain ${info.chain.genesisHash}`]
  if (info.id !== view.id) return ['NOT_THE_PROVIDER', `provider ${info.id} answers at its address`]
  if (info.freeBytes < wanted.pieceSize) return ['NO_SPACE', `it has ${info.freeBytes} bytes free`]
  return undefined
}
