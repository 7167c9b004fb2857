/**
 * Asks the providers whose asks fit who they are and how much room they have, and the chain how they have proven: what a plan
 * is made of. All are asked at once; when enough have answered, the others are given a moment more and then left out.
 */
import type { ChainClient, DealView, ProviderView } from '@granary/protocol/client'
import type { ChainTime } from '@granary/protocol/epochs'
import type { ProviderInfo } from '@granary/protocol/market'
import type { CallOptions } from '../call-options.ts'
import type { Clock, Fetch } from '../ports.ts'
import {
  checkInfo,
  endpointOf,
  type PieceWanted,
  type ProviderRefusal,
  rankProviders,
  readInfo,
  refuse,
} from './rank-providers.ts'

/** So many are asked, the cheapest of those that fit. */
const ASKED_MAX = 16
/** Who has not answered so long after enough others is not waited for. */
const GRACE_MS = 1_000
/** Deals that a provider did not keep. */
const BROKEN: ReadonlySet<string> = new Set(['lapsed', 'terminated'])

/** A provider that answered at its address. */
export interface Candidate {
  readonly view: ProviderView
  /** Base address, without a slash at the end. */
  readonly endpoint: string
  readonly info: ProviderInfo
  readonly latencyMs: number
  /** Its sectors as the chain has them at present. */
  readonly proofs: { readonly sectors: number; readonly faulty: number }
  /** Deals of this account with it: those that hold or came to their end, and those that it did not keep. */
  readonly experience: { readonly kept: number; readonly broken: number }
}

export interface SurveyInput {
  readonly chain: ChainClient
  readonly clock: Clock
  readonly fetch: Fetch
  readonly genesisHash: string
  readonly wanted: Omit<PieceWanted, 'pieceSize'>
  /** Padded, of the pieces that are to be stored: who takes none of them is not asked. */
  readonly pieceSizes: ReadonlySet<number>
  /** So many are enough to choose among. */
  readonly enough: number
  /** Waited for as long as it takes them to answer, or not to: they may have most of the bytes already. */
  readonly awaited: ReadonlySet<number>
  /** Of this account. */
  readonly deals: readonly DealView[]
  readonly onRefused: (refusal: ProviderRefusal) => void
}

export interface Survey {
  readonly now: ChainTime
  /** All that the chain has. */
  readonly providers: readonly ProviderView[]
  readonly candidates: readonly Candidate[]
  /** Who does not fit, or did not answer as it should. */
  readonly refusals: readonly ProviderRefusal[]
}

export async function surveyProviders(input: SurveyInput, options: CallOptions): Promise<Survey> {
  const { chain, wanted, pieceSizes, enough, awaited, onRefused, clock } = input
  const [now, providers] = await Promise.all([chain.status(options), Array.fromAsync(chain.providers(options))])
  const sizes = [...pieceSizes].sort((a, b) => a - b)
  const ranked = sizes.map((pieceSize) => rankProviders(providers, { ...wanted, pieceSize }, now))
  const fitting = new Set(ranked.flatMap(({ candidates: found }) => found))
  const asked = [...fitting].filter(({ id }, rank) => rank < ASKED_MAX || awaited.has(id))
  const candidates: Candidate[] = []
  const fits = new Set([...fitting].map(({ id }) => id))
  const refusals = (ranked[0]?.refusals ?? []).filter(({ provider }) => !fits.has(provider))
  const { promise: isEnough, resolve: haveEnough } = Promise.withResolvers<void>()
  const waiting = new Set(asked.map(({ id }) => id))
  const asking = asked.map(async (view) => {
    const found = await askOne(view, input, options)
    if (!waiting.delete(view.id)) return
    if ('reason' in found) {
      refusals.push(found)
      onRefused(found)
    } else candidates.push(found)
    if (candidates.length >= enough && [...awaited].every((id) => !waiting.has(id))) haveEnough()
  })
  const all = Promise.all(asking)
  // What comes after the moment of grace is nobody's.
  all.catch(() => undefined)
  await Promise.race([all, isEnough.then(() => clock.sleep(GRACE_MS, options.signal))])
  for (const id of waiting) {
    const view = asked.find((other) => other.id === id)!
    refusals.push(refuse(view, 'UNREACHABLE', 'it did not answer in time'))
  }
  waiting.clear()
  return { now, providers, candidates, refusals }
}

async function askOne(
  view: ProviderView,
  { chain, clock, fetch, genesisHash, wanted, pieceSizes, deals }: SurveyInput,
  options: CallOptions,
): Promise<Candidate | ProviderRefusal> {
  const endpoint = endpointOf(view) ?? ''
  const startedMs = clock.nowMs()
  const info = await readInfo(endpoint, { fetch, signal: options.signal })
  const latencyMs = clock.nowMs() - startedMs
  if ('message' in info) return refuse(view, 'UNREACHABLE', info.message)
  const refusal = checkInfo(view, info, genesisHash, { ...wanted, pieceSize: Math.min(...pieceSizes) })
  if (refusal) return refuse(view, ...refusal)
  return await candidateOf({ view, endpoint, info, latencyMs }, { chain, deals }, options)
}

/** One that answered, with what the chain knows of it, and the deals of this account. */
export async function candidateOf(
  { view, endpoint, info, latencyMs }: Pick<Candidate, 'view' | 'endpoint' | 'info' | 'latencyMs'>,
  { chain, deals }: Pick<SurveyInput, 'chain' | 'deals'>,
  options: CallOptions,
): Promise<Candidate> {
  const partitions = await chain.partitions(view.id, options)
  const proofs = {
    sectors: partitions.reduce((sum, { sectors }) => sum + sectors, 0),
    faulty: partitions.reduce((sum, { sectors, sound }) => sum + sectors - sound, 0),
  }
  const own = deals.filter(({ terms }) => terms.provider === view.id)
  const broken = own.filter(({ state }) => BROKEN.has(state)).length
  const kept = own.filter(({ state }) => state === 'active' || state === 'expired').length
  return { view, endpoint, info, latencyMs, proofs, experience: { kept, broken } }
}
