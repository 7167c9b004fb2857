/**
 * A client that believes only the validator's key: it asks any node, and gives what is proven. It takes no head that is old by
 * its own clock, and never goes back behind a state that it has seen, so that a node cannot show it an old balance.
 */
import type { CallOptions, ChainClient, ProofView } from '../client/index.ts'
import { decodeRecord } from '../codec/tuple-codec.ts'
import type { HeaderVerifier } from '../header/header-verifier.ts'
import type { Address } from '../messages/index.ts'
import type { Account } from '../records/accounts.ts'
import type { Deal } from '../records/deals.ts'
import { GENESIS_KEY, genesisStruct } from '../records/genesis.ts'
import type { Provider } from '../records/providers.ts'
import type { KeyPart, RecordTable } from '../records/record-table.ts'
import { recordTables } from '../records/record-tables.ts'
import type { Sector } from '../records/sectors.ts'
import { HeadTooOldError, UnprovenError } from './errors.ts'
import { type ProvenValue, verifyProofView } from './verify-proof-view.ts'

export interface LightClientOptions {
  /** Which headers are the chain's: the one thing that is believed. */
  readonly headers: HeaderVerifier
  readonly chain: { proof(key: string, options?: CallOptions): Promise<ProofView> } | ChainClient
  /** What a head may be behind `now`. @default 30 s, or ten blocks where those take longer */
  readonly headAgeMaxMs?: number
  /** @default Date.now */
  readonly now?: () => number
}

const HEAD_AGE_MAX_MS = 30_000
const HEAD_AGE_MAX_BLOCKS = 10

export interface Proven<T> {
  /** undefined: proven not to be there. */
  readonly value: T | undefined
  readonly stateHeight: number
  readonly timeMs: number
}

/** Each call throws UnprovenError, HeadTooOldError, and what the node or the way to it has to say. */
export interface LightClient {
  /** The newest state that has been seen proven; -1 before the first. */
  readonly stateHeight: number
  read(key: string, options?: CallOptions): Promise<ProvenValue>
  account(address: Address, options?: CallOptions): Promise<Proven<Account>>
  provider(id: number, options?: CallOptions): Promise<Proven<Provider>>
  deal(id: number, options?: CallOptions): Promise<Proven<Deal>>
  sector(provider: number, number: number, options?: CallOptions): Promise<Proven<Sector>>
}

export function createLightClient(options: LightClientOptions): LightClient {
  const { chain, headers, now = Date.now, headAgeMaxMs } = options
  let newest = -1
  let ageMaxMs = headAgeMaxMs

  async function read(key: string, options?: CallOptions): Promise<ProvenValue> {
    const seen = newest
    const proven = verifyProofView(await chain.proof(key, options), key, headers)
    if (proven.stateHeight < seen) {
      throw new UnprovenError('PROOF_STALE', `it is of block ${proven.stateHeight}, block ${seen} was seen before`)
    }
    await assertFresh(proven, options)
    newest = Math.max(newest, proven.stateHeight)
    return proven
  }

  /** Of the first read nothing else is known: without this a node could answer it from any state of the past. */
  async function assertFresh({ timeMs }: ProvenValue, options?: CallOptions): Promise<void> {
    const nowMs = now()
    const ageMs = nowMs - timeMs
    if (ageMs <= (ageMaxMs ?? HEAD_AGE_MAX_MS)) return
    ageMaxMs ??= Math.max(HEAD_AGE_MAX_MS, HEAD_AGE_MAX_BLOCKS * (await blockTimeMs(options)))
    if (ageMs > ageMaxMs) throw new HeadTooOldError(timeMs, nowMs, ageMaxMs)
  }

  /** The genesis never changes, so its proof against any head will do. */
  async function blockTimeMs(options?: CallOptions): Promise<number> {
    const { value } = verifyProofView(await chain.proof(GENESIS_KEY, options), GENESIS_KEY, headers)
    if (value === undefined) throw new UnprovenError('PROOF_INVALID', 'a chain has a genesis')
    return decodeRecord(genesisStruct, value).blockTimeMs
  }

  async function recordOf<K extends readonly KeyPart[], T>(
    table: RecordTable<K, T>,
    parts: K,
    options?: CallOptions,
  ): Promise<Proven<T>> {
    const { value, stateHeight, timeMs } = await read(table.key(...parts), options)
    return { value: value && decodeRecord(table.record, value), stateHeight, timeMs }
  }

  const { accounts, providers, deals, sectors } = recordTables
  return {
    get stateHeight() {
      return newest
    },
    read,
    account: (address, options) => recordOf(accounts, [address], options),
    provider: (id, options) => recordOf(providers, [id], options),
    deal: (id, options) => recordOf(deals, [id], options),
    sector: (provider, number, options) => recordOf(sectors, [provider, number], options),
  }
}
