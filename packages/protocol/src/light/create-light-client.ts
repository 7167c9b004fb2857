/**
 * A client that believes only the validator's key: it asks any node, and gives what is proven. It takes no head that is old by
 * its own clock, and never goes back behind a state that it has seen, so that a node cannot show it an old balance.
 */
import type { CallOptions, ChainClient, ProofOptions, ProofView } from '../client/index.ts'
import { decodeRecord } from '../codec/tuple-codec.ts'
import type { Hash } from '../codec/types.ts'
import { HeadTooOldError, UnprovenError } from '../header/errors.ts'
import type { HeaderVerifier } from '../header/header-verifier.ts'
import type { Address } from '../messages/index.ts'
import type { Account } from '../records/accounts.ts'
import type { Deal } from '../records/deals.ts'
import { GENESIS_KEY, genesisStruct } from '../records/genesis.ts'
import type { Provider } from '../records/providers.ts'
import type { KeyPart, RecordTable } from '../records/record-table.ts'
import { recordTables } from '../records/record-tables.ts'
import type { Sector } from '../records/sectors.ts'
import { type ProvenValue, verifyProofView } from './verify-proof-view.ts'

export interface LightClientOptions {
  /** Which headers are the chain's: the one thing that is believed. */
  readonly headers: HeaderVerifier
  readonly chain: { proof(key: string, options?: ProofOptions): Promise<ProofView> } | ChainClient
  /** The newest header that an earlier client has believed: nothing before it is taken, and no other of its height. @default none */
  readonly seen?: SeenHeader | undefined
  /** What a head may be behind `now`. @default 30 s, or ten blocks where those take longer */
  readonly headAgeMaxMs?: number
  /** @default Date.now */
  readonly now?: () => number
}

/** A header that was verified. */
export interface SeenHeader {
  readonly height: number
  readonly hash: Hash
}

const HEAD_AGE_MAX_MS = 30_000
const HEAD_AGE_MAX_BLOCKS = 10

export interface Proven<T> {
  /** undefined: proven not to be there. */
  readonly value: T | undefined
  readonly stateHeight: number
  readonly timeMs: number
}

/** One state of the chain: what is read of it belongs together. */
export interface ProvenState {
  /** It is that after this block. */
  readonly height: number
  /** The header that names it, of the block after. */
  readonly header: SeenHeader & { readonly timeMs: number }
  /** undefined: proven not to be there. @throws UnprovenError; GranaryError STATE_NOT_FOUND once a node keeps it no longer */
  record<K extends readonly KeyPart[], T>(
    table: RecordTable<K, T>,
    parts: K,
    options?: CallOptions,
  ): Promise<T | undefined>
}

/** Each call throws UnprovenError, HeadTooOldError, and what the node or the way to it has to say. */
export interface LightClient {
  /** The newest state that has been seen proven; -1 before the first. */
  readonly stateHeight: number
  read(key: string, options?: CallOptions): Promise<ProvenValue>
  /** The newest state that the node can prove. */
  newest(options?: CallOptions): Promise<ProvenState>
  account(address: Address, options?: CallOptions): Promise<Proven<Account>>
  provider(id: number, options?: CallOptions): Promise<Proven<Provider>>
  deal(id: number, options?: CallOptions): Promise<Proven<Deal>>
  sector(provider: number, number: number, options?: CallOptions): Promise<Proven<Sector>>
}

export function createLightClient(options: LightClientOptions): LightClient {
  const { chain, headers, now = Date.now, headAgeMaxMs } = options
  let seen = options.seen
  let ageMaxMs = headAgeMaxMs

  async function read(key: string, options?: CallOptions): Promise<ProvenValue> {
    const before = seen
    const proven = await verifyProofView(await chain.proof(key, options), key, headers, options)
    assertAfter(proven, before)
    await assertFresh(proven, options)
    const header = { height: proven.stateHeight + 1, hash: proven.headerHash }
    if (seen === undefined || header.height > seen.height) seen = header
    return proven
  }

  async function newest(options?: CallOptions): Promise<ProvenState> {
    const { stateHeight: height, timeMs, headerHash } = await read(recordTables.head.key(), options)
    return {
      height,
      header: { height: height + 1, hash: headerHash, timeMs },
      async record(table, parts, options) {
        const key = table.key(...parts)
        const proven = await verifyProofView(await chain.proof(key, { ...options, height }), key, headers, options)
        if (proven.headerHash !== headerHash)
          throw new UnprovenError('PROOF_INVALID', `it is of the state of block ${proven.stateHeight}, not ${height}`)
        return proven.value && decodeRecord(table.record, proven.value)
      },
    }
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
    const { value } = await verifyProofView(await chain.proof(GENESIS_KEY, options), GENESIS_KEY, headers, options)
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
      return (seen?.height ?? 0) - 1
    },
    read,
    newest,
    account: (address, options) => recordOf(accounts, [address], options),
    provider: (id, options) => recordOf(providers, [id], options),
    deal: (id, options) => recordOf(deals, [id], options),
    sector: (provider, number, options) => recordOf(sectors, [provider, number], options),
  }
}

function assertAfter({ stateHeight, headerHash }: ProvenValue, seen: SeenHeader | undefined): void {
  if (seen === undefined) return
  const height = stateHeight + 1
  if (height < seen.height)
    throw new UnprovenError('PROOF_STALE', `it is of block ${stateHeight}, block ${seen.height - 1} was seen before`)
  if (height === seen.height && headerHash !== seen.hash)
    throw new UnprovenError('HEADER_CONFLICT', `header ${height} was ${seen.hash} before, and is ${headerHash} now`)
}
