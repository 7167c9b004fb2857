/** Node's ports: a journal and a spool in a folder, locks that a kill releases. */

import { join } from 'node:path'
import { systemClock } from '@granary/base'
import { createKernelPieceHasher } from '@granary/content/node'
import { createChainClient } from '@granary/protocol/client'
import { witnessedChain } from '@granary/protocol/light'
import type { Hash } from '@granary/protocol/messages'
import type { Account, Chain, Fetch, Ports } from '../ports.ts'
import type { ContentSource } from '../sources/content-source.ts'
import { systemRandom } from '../system-random.ts'
import { fileJournal } from './file-journal.ts'
import { fileLock } from './file-lock.ts'
import { fileOutbox } from './file-outbox.ts'
import { fileSpool } from './file-spool.ts'
import { fileTrust } from './file-trust.ts'
import type { PathSource } from './path-source.ts'
import { streamedFetch } from './streamed-fetch.ts'

/** About a quarter of a minute: a chain node that restarts is waited for, at any step of a put. */
const CHAIN_RETRIES = 12

/** What a program gives its client. */
export interface ClientOptions {
  /** Address of a chain node, or a client of one. */
  readonly chain: string | Chain
  /** Hash of the genesis of the chain that is meant: a node of another one is refused. @default that of the first answer */
  readonly genesisHash?: Hash | undefined
  /**
   * Addresses of other nodes of the chain: where they show another header than its own, nothing is sent. One of them has to answer.
   * @default none
   */
  readonly witnesses?: readonly string[] | undefined
  /** The account that pays. */
  readonly signer: Account
  /** Journal and staged files; one client, one folder. */
  readonly folder: string
  /** @default the platform's fetch */
  readonly fetch?: Fetch
}

/** Ports over the files of a folder. */
export function nodePorts(options: ClientOptions): Ports<PathSource | ContentSource> {
  const { chain: given, genesisHash, witnesses = [], signer, folder, fetch = streamedFetch } = options
  const staging = join(folder, 'staging')
  const nodeAt = (url: string) => createChainClient({ url, retries: CHAIN_RETRIES, genesisHash })
  return {
    chain: witnessedChain(typeof given === 'string' ? nodeAt(given) : given, witnesses.map(nodeAt)),
    account: signer,
    spool: fileSpool(staging),
    hasher: createKernelPieceHasher,
    journal: journalIn(folder),
    outbox: fileOutbox(join(folder, 'outbox')),
    trust: trustIn(folder),
    lock: fileLock(staging),
    random: systemRandom,
    clock: systemClock,
    fetch,
  }
}

/** What is believed of chains, as the client of that folder has it. */
export function trustIn(folder: string): Ports['trust'] {
  return fileTrust(join(folder, 'trust'))
}

/** The journal of the client of that folder. */
export function journalIn(folder: string): Ports['journal'] {
  return fileJournal(join(folder, 'journal'))
}
