/** Who stores on this chain, at what price, and what a plan would make of each: every one is asked, the silent ones too. */
import type { ChainClient, DealView, ProviderView } from '@granary/protocol/client'
import { epochsIn } from '@granary/protocol/epochs'
import type { Address, AttoGrn, Epoch } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Duration } from '../duration.ts'
import { epochsOf } from '../epochs-of.ts'
import type { Clock, Fetch } from '../ports.ts'
import {
  checkInfo,
  endpointOf,
  type PieceWanted,
  type ProviderRefusal,
  type RefusalReason,
  rankProviders,
  readInfo,
  refuse,
} from '../providers/rank-providers.ts'
import { type Candidate, candidateOf } from '../providers/survey-providers.ts'
import { choose } from './choose.ts'
import { durationDefault } from './duration-default.ts'

const MONTH_MS = 30 * 24 * 60 * 60_000
const PIECE_SIZE_MIN = 128
/** Providers that are asked at the same time. */
const AT_ONCE = 16

/** What is to be stored, for who would get it. */
export interface ProvidersOptions extends CallOptions {
  /** Padded bytes. @default the smallest piece that all who have an ask take */
  readonly pieceSize?: number | undefined
  /** @default that of a put */
  readonly duration?: Duration | undefined
}

/** A provider of the chain. Amounts are attoGRN, sizes bytes, `durations` epochs with milliseconds beside them. */
export interface ListedProvider {
  readonly id: number
  readonly name: string
  readonly owner: Address
  readonly region: string
  readonly endpoint: string | null
  /** For thirty days; null: it has no ask. */
  readonly pricePerGiBMonth: AttoGrn | null
  readonly pieceSizes: Bounds | null
  readonly durations: Bounds | null
  readonly durationsMs: Bounds | null
  /** Whether it answered at its address. */
  readonly answer: ProviderAnswer
  readonly standing: ProviderStanding
}

/** Both ends are inside. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** What a provider said of itself, or why it said nothing. */
export type ProviderAnswer =
  | { readonly state: 'answers'; readonly latencyMs: number; readonly freeBytes: number }
  | { readonly state: 'silent'; readonly why: string }

/** What a plan makes of a provider, for what is to be stored. */
export type ProviderStanding =
  | {
      readonly state: 'fits'
      /** 100 for the cheapest of which nothing speaks against it. */
      readonly score: number
      /** What raised or lowered the score, the weightiest first. */
      readonly reasons: readonly string[]
    }
  | { readonly state: 'refused'; readonly reason: RefusalReason; readonly message: string }

/** All providers of a chain, for what is to be stored. */
export interface ListedProviders {
  readonly wanted: { readonly pieceSize: number; readonly duration: Epoch; readonly durationMs: number }
  /** Those that fit first, the best before the others. */
  readonly providers: readonly ListedProvider[]
}

/** What a list of providers is made of. */
export interface ProvidersInput {
  readonly chain: ChainClient
  readonly fetch: Fetch
  readonly clock: Pick<Clock, 'nowMs'>
  /** Its deals count as experience. */
  readonly address?: Address | undefined
}

/** Who stores, at what price, and why a put would choose it or would not. @throws TIME_INVALID */
export async function listProviders(input: ProvidersInput, options: ProvidersOptions = {}): Promise<ListedProviders> {
  const { chain, address } = input
  const call: CallOptions = { signal: options.signal }
  const [status, views, deals] = await Promise.all([
    chain.status(call),
    Array.fromAsync(chain.providers(call)),
    address === undefined ? [] : Array.fromAsync(chain.deals({ client: address }, call)),
  ])
  const asked = options.duration && epochsOf(options.duration, 'duration', status)
  const duration = asked ?? durationDefault(status)
  const { blockTimeMs } = status
  const pieceSize = options.pieceSize ?? pieceSizeFor(views)
  const wanted = { pieceSize, duration, durationMs: duration * blockTimeMs }
  const met = await meetAll(views, { ...input, genesisHash: status.genesisHash, wanted, deals }, call)
  const candidates = met.flatMap(({ candidate }) => candidate ?? [])
  const { choices, refusals } = choose(candidates, wanted, status)
  const rank = new Map(choices.map((choice, index) => [choice.candidate.view.id, { ...choice, index }]))
  const onChain = rankProviders(views, wanted, status).refusals
  // What stands on the chain is told before what was heard: it is there for everybody.
  const refused = new Map([...met.flatMap(({ refusal }) => refusal ?? []), ...refusals, ...onChain].map(byProvider))
  const providers = met.map(({ view, endpoint, answer }): ListedProvider => {
    const { id, name, owner, region, ask } = view
    const epochs = BigInt(epochsIn(MONTH_MS, status))
    const durations = ask === null ? null : { min: ask.durationMin, max: ask.durationMax }
    return {
      ...{ id, name, owner, region, endpoint: endpoint ?? null, answer },
      pricePerGiBMonth: ask === null ? null : BigInt(ask.pricePerGiBEpoch) * epochs,
      pieceSizes: ask === null ? null : { min: ask.pieceSizeMin, max: ask.pieceSizeMax },
      durations,
      durationsMs: durations && { min: durations.min * blockTimeMs, max: durations.max * blockTimeMs },
      standing: standingOf(rank.get(id), refused.get(id)),
    }
  })
  const place = ({ id }: ListedProvider) => rank.get(id)?.index ?? providers.length
  return { wanted, providers: providers.sort((a, b) => place(a) - place(b) || a.id - b.id) }
}

function byProvider(refusal: ProviderRefusal): readonly [id: number, refusal: ProviderRefusal] {
  return [refusal.provider, refusal]
}

function standingOf(
  choice: { readonly score: number; readonly reasons: readonly string[] } | undefined,
  refusal: ProviderRefusal | undefined,
): ProviderStanding {
  if (choice !== undefined) return { state: 'fits', score: choice.score, reasons: choice.reasons }
  if (refusal === undefined) throw new RangeError('a provider that does not fit has a reason')
  return { state: 'refused', reason: refusal.reason, message: refusal.message }
}

/** What a small file becomes: whoever takes no piece so small would not be asked for it. */
function pieceSizeFor(views: readonly ProviderView[]): number {
  const least = Math.max(PIECE_SIZE_MIN, ...views.flatMap(({ ask }) => (ask === null ? [] : [ask.pieceSizeMin])))
  return 2 ** Math.ceil(Math.log2(least))
}

interface Met {
  readonly view: ProviderView
  readonly endpoint: string | undefined
  readonly answer: ProviderAnswer
  readonly candidate?: Candidate
  readonly refusal?: ProviderRefusal
}

interface MeetInput extends ProvidersInput {
  readonly genesisHash: string
  readonly wanted: PieceWanted
  readonly deals: readonly DealView[]
}

/** In the order given; so many are asked at once that a market of hundreds takes seconds. */
async function meetAll(views: readonly ProviderView[], input: MeetInput, options: CallOptions): Promise<Met[]> {
  const met: Met[] = []
  for (let from = 0; from < views.length; from += AT_ONCE)
    met.push(...(await Promise.all(views.slice(from, from + AT_ONCE).map((view) => meet(view, input, options)))))
  return met
}

async function meet(view: ProviderView, input: MeetInput, options: CallOptions): Promise<Met> {
  const { fetch, clock, genesisHash, wanted } = input
  const endpoint = endpointOf(view)
  if (endpoint === undefined)
    return { view, endpoint, answer: { state: 'silent', why: 'it has no HTTP address on the chain' } }
  const startedMs = clock.nowMs()
  const info = await readInfo(endpoint, { fetch, signal: options.signal })
  if ('message' in info)
    return {
      ...{ view, endpoint, answer: { state: 'silent', why: info.message } },
      refusal: refuse(view, 'UNREACHABLE', info.message),
    }
  const latencyMs = clock.nowMs() - startedMs
  const answer: ProviderAnswer = { state: 'answers', latencyMs, freeBytes: info.freeBytes }
  const refusal = checkInfo(view, info, genesisHash, wanted)
  if (refusal) return { view, endpoint, answer, refusal: refuse(view, ...refusal) }
  const candidate = await candidateOf({ view, endpoint, info, latencyMs }, input, options)
  return { view, endpoint, answer, candidate }
}
