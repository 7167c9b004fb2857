/** The client's ports in memory: for a page, for a program without a disk, and for tests. */
import { systemClock } from '@granary/base'
import { createPieceHasher } from '@granary/content'
import { createChainClient } from '@granary/protocol/client'
import type { Account, Chain, Fetch, Ports } from '../ports.ts'
import type { ContentSource } from '../sources/content-source.ts'
import { systemRandom } from '../system-random.ts'
import { memoryJournal } from './memory-journal.ts'
import { memoryLock } from './memory-lock.ts'
import { memoryOutbox } from './memory-outbox.ts'
import { memorySpool } from './memory-spool.ts'
import { memoryTrust } from './memory-trust.ts'

/** What a program without a disk gives its client. */
export interface MemoryPortsOptions {
  /** Address of a chain node, or a client of one. */
  readonly chain: string | Chain
  /** The account that pays. */
  readonly account: Account
  /** @default the platform's fetch */
  readonly fetch?: Fetch
}

/** Ports that keep nothing when the program ends. */
export function memoryPorts({ chain, account, fetch }: MemoryPortsOptions): Ports<ContentSource> {
  return {
    chain: typeof chain === 'string' ? createChainClient({ url: chain }) : chain,
    account,
    spool: memorySpool(),
    hasher: createPieceHasher,
    journal: memoryJournal(),
    outbox: memoryOutbox(),
    trust: memoryTrust(),
    lock: memoryLock(),
    random: systemRandom,
    clock: systemClock,
    // A browser's fetch must be called as a function of its window.
    fetch: fetch ?? globalThis.fetch.bind(globalThis),
  }
}
