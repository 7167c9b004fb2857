/** A chain that names providers of some content, and the providers: who gets it asks both. */
import { systemClock } from '@granary/base'
import { createChainClient, type DealState, type DealView } from '@granary/protocol/client'
import { dealTermsToJson } from '@granary/protocol/messages'
import type { Clock } from '../src/ports.ts'
import { type GetOptions, get, type Retrieved } from '../src/retrieve/get.ts'
import type { GetProgress } from '../src/retrieve/get-progress.ts'
import type { HolderMemory } from '../src/retrieve/holder-state.ts'
import { type ListedEntry, ls } from '../src/retrieve/ls.ts'
import { someTerms } from './a-deal.ts'
import { genesisHash, providerView, serveChain } from './chain-answers.ts'
import type { Answer, Reached } from './holders.ts'

function dealOf(provider: number, rootCid: string): DealView {
  const terms = dealTermsToJson(someTerms({ provider, rootCid }))
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  return { id: provider, agreementId: genesisHash, terms, state: 'active', ...money, ...epochs }
}

/** Minutes pass in moments. */
export function hastened(by: number): Clock {
  return {
    nowMs: () => Date.now() * by,
    sleep: (ms, signal) => systemClock.sleep(ms / by, signal),
    after: (ms, call) => systemClock.after(ms / by, call),
  }
}

export interface Market extends AsyncDisposable {
  readonly progress: readonly GetProgress[]
  /** Of the holders, by their addresses. */
  readonly memory: HolderMemory
  get(path: string, options?: GetOptions): Promise<Retrieved>
  ls(path: string): AsyncIterable<ListedEntry>
}

export interface MarketOptions {
  readonly clock?: Clock
  /** Asked after the providers. */
  readonly gateways?: readonly Answer[]
  /** Of each deal. @default 'active' */
  readonly state?: DealState
}

export async function openMarket(
  reach: (answers: readonly Answer[]) => Promise<Reached>,
  rootCid: string,
  providers: readonly Answer[],
  { clock = systemClock, gateways = [], state = 'active' }: MarketOptions = {},
): Promise<Market> {
  const stack = new AsyncDisposableStack()
  const reached = stack.use(await reach([...providers, ...gateways]))
  const views = providers.map((_, at) => providerView(1000 + at, reached.endpoints[at]!))
  const deals = views.map(({ id }) => ({ ...dealOf(id, rootCid), state }))
  const served = stack.use(await serveChain(() => ({ providers: views, deals })))
  const chain = createChainClient({ url: served.url })
  const progress: GetProgress[] = []
  const defaults = {
    gateways: reached.endpoints.slice(providers.length),
    onProgress: (event: GetProgress) => void progress.push(event),
  }
  // As those of one client.
  const memory: HolderMemory = new Map()
  const ports = { chain, clock, fetch: reached.fetch, memory }
  return {
    progress,
    memory,
    get: (path, options) => get(ports, path, { ...defaults, ...options }),
    ls: (path) => ls(ports, path, defaults),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
