/** A browser's ports: a journal, an outbox and what is believed of chains in IndexedDB, streams in the origin's private file system, its locks. */
import { systemClock } from '@granary/base'
import { createChainClient } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import type { Account, Chain, Fetch, Journal, Outbox, Ports, Spool, TrustStore } from '../ports.ts'
import type { ContentSource } from '../sources/content-source.ts'
import { systemRandom } from '../system-random.ts'
import type { OpenDatabase } from './indexed-db.ts'
import { webLock } from './web-lock.ts'

/** Of the database, and of the folder in the private file system. */
export const STORAGE_NAME = 'granary'

/** Opens one database, whoever asks. */
type Database = () => Promise<OpenDatabase>

/** What a page gives its client. */
export interface BrowserOptions {
  /** Address of a chain node, or a client of one. */
  readonly chain: string | Chain
  /** Hash of the genesis of the chain that is meant: a node of another one is refused. @default that of the first answer */
  readonly genesisHash?: Hash | undefined
  /** The account that pays. */
  readonly account: Account
  /** @default the page's fetch */
  readonly fetch?: Fetch
}

/** For a page, or a worker, of a secure context: `https:`, or this machine. */
export function browserPorts({ chain, genesisHash, account, fetch }: BrowserOptions): Ports<ContentSource> {
  const database = once(async () => (await import('./indexed-db.ts')).indexedDb(STORAGE_NAME))
  return {
    chain: typeof chain === 'string' ? createChainClient({ url: chain, genesisHash }) : chain,
    account,
    spool: opfsSpool(STORAGE_NAME),
    hasher: async () => (await putStorage()).createPieceHasher(),
    journal: journalIn(database),
    outbox: outboxIn(database),
    trust: trustIn(database),
    lock: webLock(),
    random: systemRandom,
    clock: systemClock,
    // A browser's fetch must be called as a function of its window.
    fetch: fetch ?? globalThis.fetch.bind(globalThis),
  }
}

/** Imported where it is used: a page that only fetches loads none of it. */
function putStorage() {
  return import('./put-storage.ts')
}

function opfsSpool(folder: string): Spool<ContentSource> {
  const spool = once(async () => {
    const { blobSpool, opfsStreams } = await putStorage()
    return blobSpool(opfsStreams(folder))
  })
  return {
    nameOf: () => `draft-${crypto.randomUUID()}`,
    read: async (draft, source, options) => (await spool()).read(draft, source, options),
    keep: async (draft, rootCid) => (await spool()).keep(draft, rootCid),
    open: async (rootCid, piece) => (await spool()).open(rootCid, piece),
    remove: async (rootCid) => (await spool()).remove(rootCid),
  }
}

function journalIn(database: Database): Journal {
  const journal = once(async () => (await putStorage()).indexedDbJournal(await database()))
  return {
    open: async (genesisHash, rootCid) => (await journal()).open(genesisHash, rootCid),
    read: async (genesisHash, rootCid) => (await journal()).read(genesisHash, rootCid),
    list: async (genesisHash) => (await journal()).list(genesisHash),
  }
}

function outboxIn(database: Database): Outbox {
  const outbox = once(async () => (await putStorage()).indexedDbOutbox(await database()))
  return {
    write: async (genesisHash, message) => (await outbox()).write(genesisHash, message),
    list: async (genesisHash, sender) => (await outbox()).list(genesisHash, sender),
    remove: async (genesisHash, id) => (await outbox()).remove(genesisHash, id),
  }
}

function trustIn(database: Database): TrustStore {
  const trust = once(async () => (await import('./indexed-db-trust.ts')).indexedDbTrust(await database()))
  return {
    read: async (chainUrl) => (await trust()).read(chainUrl),
    write: async (chainUrl, trusted) => (await trust()).write(chainUrl, trusted),
  }
}

/** What could not be loaded is asked for again the next time. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    const loaded = loading ?? load()
    loading = loaded
    loaded.catch(() => {
      loading = undefined
    })
    return loaded
  }
}
