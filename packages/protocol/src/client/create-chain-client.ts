/**
 * The typed client of a chain node. Needs nothing but fetch, so it runs in a browser as well. Reads are tried again
 * when the node does not answer; a transaction may be, because its id makes sure that it happens once.
 */

import { GranaryError } from '@granary/base'
import type {
  AccountView,
  BlockView,
  ChainStatus,
  ChallengeKind,
  ChallengeView,
  DealView,
  MemberView,
  OpenChallengeView,
  Page,
  PartitionView,
  ProofView,
  ProviderView,
  RandomnessView,
  SectorView,
  SessionKeyView,
  SupplyView,
  TxView,
} from '../chain-api/answers.ts'
import { idsMax, pageItemsMax } from '../chain-api/forms.ts'
import {
  askFaucet,
  getAccount,
  getBlock,
  getChallenge,
  getDeal,
  getGenesis,
  getParams,
  getPartition,
  getProof,
  getProvider,
  getRandomness,
  getSector,
  getSessionKey,
  getStatus,
  getSupply,
  getTx,
  listChallenges,
  listDeals,
  listMembers,
  listPartitions,
  listProviders,
  listSessionKeys,
  submitTx,
} from '../chain-api/operations.ts'
import type { StreamType } from '../events/chain-event.ts'
import type { Address, FeeParams, Hash } from '../messages/index.ts'
import { type NodeOperation, type Parsed, pathOf } from '../operation/operation.ts'
import { type ChainParams, chainParams, feeParams } from '../records/chain-params.ts'
import { type Genesis, genesisStruct } from '../records/genesis.ts'
import { ChainAnswerError, ChainTxError } from './errors.ts'
import { type EventsOptions, type FollowedEvent, followEvents } from './follow-events.ts'
import { knownChain } from './known-chain.ts'
import { parseAnswer } from './parse-answer.ts'
import { parseEvent } from './parse-event.ts'
import { type CallOptions, call, type Transport } from './request.ts'

export interface ChainClientOptions {
  /** Address of the node, such as `http://127.0.0.1:7460`. */
  readonly url: string
  /** @default the platform's fetch */
  readonly fetch?: typeof fetch
  /** How often a call that may be repeated is tried again when the node does not answer. @default 3 */
  readonly retries?: number
  /** The chain that is meant: answers of another are refused. @default that of the first answer */
  readonly genesisHash?: Hash | undefined
  /** A height that was seen before, by an earlier client: what a node below it does not find is not taken as missing. @default none */
  readonly heightSeen?: number | undefined
  /** What the chain cannot be above by now, for who knows that: a node that names a greater height has not seen it. @default no bound */
  readonly heightMax?: (() => number) | undefined
}

export interface DealFilter {
  readonly pieceCid?: string
  readonly rootCid?: string | undefined
  readonly client?: Address
  readonly provider?: number
}

export interface PartitionPlace {
  readonly provider: number
  readonly partition: number
}

export interface RandomnessQuery {
  readonly tag: 'TICKET' | 'SEED' | 'POST' | 'RECOVERY'
  readonly epoch: number
  readonly provider: number
  /** Sector number (TICKET, SEED) or partition number (POST, RECOVERY). */
  readonly sector: number
}

export interface SubmitOptions extends CallOptions {
  /** Wait until it stands in a block. @default false */
  readonly wait?: boolean
}

export interface ProofOptions extends CallOptions {
  /** The block whose state is asked. @default the newest that can be proven, the one before the head */
  readonly height?: number | undefined
}

/**
 * Every call throws ChainUnreachableError when the node does not answer, ForeignChainError when it is of another chain,
 * ChainBehindError when it does not find something and is below `height`, and the node's own typed errors.
 */
export interface ChainClient {
  readonly url: string
  /** The chain that is read; undefined before the first answer, when the options name none. */
  readonly genesisHash: Hash | undefined
  /** The greatest height that an answer or an event has named; −1 before the first, when the options name none. */
  readonly height: number
  status(options?: CallOptions): Promise<ChainStatus>
  params(options?: CallOptions): Promise<ChainParams>
  /** What messages cost in the next block: for feeOf. They move by at most an eighth a block. */
  fees(options?: CallOptions): Promise<FeeParams>
  /** Where all money is, and what is minted. */
  supply(options?: CallOptions): Promise<SupplyView>
  genesis(options?: CallOptions): Promise<Genesis>
  account(address: Address, options?: CallOptions): Promise<AccountView>
  /** @throws GranaryError KEY_NOT_FOUND */
  sessionKey(address: Address, publicKey: Hash, options?: CallOptions): Promise<SessionKeyView>
  /** The session keys of an account, those that have expired too. */
  sessionKeys(address: Address, options?: CallOptions): AsyncIterable<SessionKeyView>
  provider(id: number, options?: CallOptions): Promise<ProviderView>
  providers(options?: CallOptions): AsyncIterable<ProviderView>
  /** Without their members. */
  partitions(provider: number, options?: CallOptions): Promise<PartitionView[]>
  /** @throws GranaryError PARTITION_NOT_FOUND */
  partition(provider: number, number: number, options?: CallOptions): Promise<PartitionView>
  /** The sectors of a partition, all or those in one state. */
  members(place: PartitionPlace, state?: MemberView['state'], options?: CallOptions): AsyncIterable<MemberView>
  /** What a provider has to answer now. */
  challenges(provider: number, options?: CallOptions): Promise<OpenChallengeView[]>
  /** @throws GranaryError CHALLENGE_NOT_OPEN once it is answered, or over */
  challenge(place: PartitionPlace, kind: ChallengeKind, options?: CallOptions): Promise<ChallengeView>
  deal(id: number, options?: CallOptions): Promise<DealView>
  deals(filter: DealFilter, options?: CallOptions): AsyncIterable<DealView>
  /** By their ids, in the order of these; one that is no deal is left out. */
  dealsById(ids: readonly number[], options?: CallOptions): Promise<DealView[]>
  sector(provider: number, number: number, options?: CallOptions): Promise<SectorView>
  /** @throws GranaryError RANDOMNESS_NOT_READY (retryable) until the entry of that epoch is in a block */
  randomness(query: RandomnessQuery, options?: CallOptions): Promise<RandomnessView>
  tx(id: Hash, options?: CallOptions): Promise<TxView>
  block(height: number, options?: CallOptions): Promise<BlockView>
  /** What the state holds at a key, with the proof: `@granary/protocol/light` verifies it. @throws GranaryError STATE_NOT_FOUND */
  proof(key: string, options?: ProofOptions): Promise<ProofView>
  /** Devnets only: money for an address, already committed when it returns. */
  faucet(address: Address, options?: CallOptions): Promise<TxView>
  /**
   * Sends a signed transaction; sending the same bytes again is harmless.
   * Without `wait` the answer has the code PENDING; with it, the answer is that of the block.
   * @throws ChainTxError when it was committed and failed
   */
  submit(bytes: Uint8Array, options?: SubmitOptions): Promise<TxView>
  /** Anything else that a node answers, by its declaration in `@granary/protocol/chain-api`. */
  ask<O extends NodeOperation>(operation: O, question: Question, options?: CallOptions): Promise<Parsed<O>>
  /** Follows the chain until the caller breaks or aborts; reconnects and misses nothing. */
  events<T extends StreamType = StreamType>(options?: EventsOptions<T>): AsyncIterable<FollowedEvent<T>>
}

const READ_TIMEOUT_MS = 20_000
// Longer than the node itself holds a call that waits for a block.
const COMMIT_TIMEOUT_MS = 90_000

/** What a path and a query are filled with. */
export interface Question {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
}

/** @throws GranaryError CHAIN_URL_INVALID */
export function createChainClient(options: ChainClientOptions): ChainClient {
  const url = originOf(options.url)
  const { genesisHash, heightSeen = -1, heightMax } = options
  const known = knownChain({ genesisHash, height: heightSeen, heightMax }, url)
  const transport: Transport = {
    url,
    known,
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    retries: options.retries ?? 3,
  }

  const ask = async <O extends NodeOperation>(
    operation: O,
    { params = {}, query = {} }: Question,
    callOptions?: CallOptions,
  ): Promise<Parsed<O>> => {
    const input = { path: pathOf(operation, params), query, repeatable: true, timeoutMs: READ_TIMEOUT_MS }
    return parseAnswer(url + input.path, operation, await call(transport, input, callOptions))
  }

  async function* list<T>(ask: (after: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
    let after: string | undefined
    const asked = new Set<string>()
    for (;;) {
      const page: Page<T> = await ask(after)
      yield* page.items
      after = page.next ?? undefined
      if (after === undefined) return
      // A list that leads back to one of its pages would be read for ever.
      if (asked.has(after)) throw new ChainAnswerError(url, 200, `its page ${after} comes again`)
      asked.add(after)
    }
  }

  /** Events that only a newer node knows are left out. */
  function txOf(answer: object): TxView {
    const events = 'events' in answer && Array.isArray(answer.events) ? answer.events : undefined
    const known = events?.filter((event) => parseEvent(url, event) !== undefined)
    return parseAnswer(url, getTx, { ...answer, events: known })
  }

  return {
    url,
    get genesisHash() {
      return known.genesisHash
    },
    get height() {
      return known.height
    },
    ask,
    status: (callOptions) => ask(getStatus, {}, callOptions),
    params: async (callOptions) => {
      const { params } = await ask(getParams, {}, callOptions)
      return chainParams.fromJson(params, 'params')
    },
    fees: async (callOptions) => {
      const { fees } = await ask(getParams, {}, callOptions)
      return feeParams.fromJson(fees, 'fees')
    },
    supply: (callOptions) => ask(getSupply, {}, callOptions),
    genesis: async (callOptions) => genesisStruct.fromJson((await ask(getGenesis, {}, callOptions)).genesis, 'genesis'),
    account: (address, callOptions) => ask(getAccount, { params: { address } }, callOptions),
    sessionKey: (address, publicKey, callOptions) =>
      ask(getSessionKey, { params: { address, publicKey } }, callOptions),
    sessionKeys: (address, callOptions) =>
      list((after) => ask(listSessionKeys, { params: { address }, query: { after } }, callOptions)),
    provider: (id, callOptions) => ask(getProvider, { params: { id } }, callOptions),
    providers: (callOptions) => list((after) => ask(listProviders, { query: { after } }, callOptions)),
    partitions: (provider, callOptions) =>
      Array.fromAsync(
        list((after) => ask(listPartitions, { params: { id: provider }, query: { after } }, callOptions)),
      ),
    partition: (provider, number, callOptions) =>
      ask(getPartition, { params: { id: provider, partition: number } }, callOptions),
    members: ({ provider, partition }, state, callOptions) =>
      list((after) =>
        ask(
          listMembers,
          { params: { id: provider, partition }, query: { after, state, limit: pageItemsMax } },
          callOptions,
        ),
      ),
    challenges: (provider, callOptions) =>
      Array.fromAsync(
        list((after) => ask(listChallenges, { params: { id: provider }, query: { after } }, callOptions)),
      ),
    challenge: ({ provider, partition }, kind, callOptions) =>
      ask(getChallenge, { params: { id: provider, partition, kind } }, callOptions),
    deal: (id, callOptions) => ask(getDeal, { params: { id } }, callOptions),
    deals: (filter, callOptions) => list((after) => ask(listDeals, { query: { ...filter, after } }, callOptions)),
    async dealsById(ids, callOptions) {
      const found = new Map<number, DealView>()
      for (let from = 0; from < ids.length; from += idsMax) {
        const query = { ids: ids.slice(from, from + idsMax).join(','), limit: idsMax }
        for (const deal of (await ask(listDeals, { query }, callOptions)).items) found.set(deal.id, deal)
      }
      return ids.flatMap((id) => found.get(id) ?? [])
    },
    sector: (provider, number, callOptions) => ask(getSector, { params: { provider, number } }, callOptions),
    randomness: (query, callOptions) => ask(getRandomness, { query: { ...query } }, callOptions),
    async tx(id, callOptions) {
      const input = { path: pathOf(getTx, { id }), repeatable: true, timeoutMs: READ_TIMEOUT_MS }
      return txOf(await call(transport, input, callOptions))
    },
    block: (height, callOptions) => ask(getBlock, { params: { height } }, callOptions),
    proof: (key, { height, signal } = {}) => ask(getProof, { params: { key }, query: { height } }, { signal }),
    async faucet(address, callOptions) {
      const input = { path: askFaucet.path, body: { address }, repeatable: false, timeoutMs: COMMIT_TIMEOUT_MS }
      return txOf(await call(transport, input, callOptions))
    },
    events: (events = {}) => followEvents(transport, events),
    async submit(bytes, { wait = false, signal } = {}) {
      const answer = await call(
        transport,
        {
          path: submitTx.path,
          query: { wait: wait ? 'committed' : undefined },
          body: bytes,
          repeatable: true,
          timeoutMs: wait ? COMMIT_TIMEOUT_MS : READ_TIMEOUT_MS,
        },
        { signal },
      )
      const tx = txOf(answer)
      if (tx.code !== 'OK' && tx.code !== 'PENDING') throw new ChainTxError(tx)
      return tx
    },
  }
}

function originOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  // `fetch` takes no address with a user or a password.
  if (/^https?:\/\/[^@/]*\//.test(parsed?.href ?? '')) return parsed!.href.replace(/\/+$/, '')
  throw new GranaryError({
    code: 'CHAIN_URL_INVALID',
    message: `"${parsed?.href ?? url}" is not the address of a chain node`,
    hint: 'give an address such as http://127.0.0.1:7460, without a user or a password',
    details: { url: parsed?.href ?? url },
  })
}
