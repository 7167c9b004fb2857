/**
 * The client's database in a browser: texts of logs and of messages that were sent, and keys, by the chain that they are of; and
 * what is believed of chains, by the addresses of their nodes.
 */
import type { Address, Hash } from '@granary/protocol/messages'
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'

export interface GranarySchema extends DBSchema {
  /** The lines of a log, in parts as they were written. */
  readonly journal: { readonly key: [genesisHash: Hash, rootCid: string, part: number]; readonly value: string }
  /** Keys of the page, by what they sign for. */
  readonly keys: { readonly key: [genesisHash: Hash, account: Address]; readonly value: CryptoKeyPair }
  readonly outbox: { readonly key: [genesisHash: Hash, id: Hash]; readonly value: string }
  readonly trust: { readonly key: string; readonly value: string }
}

export type GranaryDatabase = IDBPDatabase<GranarySchema>

/** Opened when it is first asked for, and again when the browser has closed it. */
export type OpenDatabase = () => Promise<GranaryDatabase>

const VERSION = 3

/** A write has ended when it is on the disk, and not as soon as the system has it. */
export const DURABLE: IDBTransactionOptions = { durability: 'strict' }

/** @param name of the database, in the origin of the page */
export function indexedDb(name: string): OpenDatabase {
  let opened: Promise<GranaryDatabase> | undefined
  const forget = () => {
    opened = undefined
  }
  return () => {
    const database = opened ?? openGranary(name, forget)
    opened = database
    database.catch(forget)
    return database
  }
}

function openGranary(name: string, onClosed: () => void): Promise<GranaryDatabase> {
  return openDB<GranarySchema>(name, VERSION, {
    upgrade(opened, before) {
      if (before < 1) {
        opened.createObjectStore('journal')
        opened.createObjectStore('outbox')
      }
      if (before < 2) opened.createObjectStore('trust')
      opened.createObjectStore('keys')
    },
    // A page with a later version of this is not kept waiting.
    blocking(_current, _blocked, event) {
      onClosed()
      ;(event.target as IDBDatabase).close()
    },
    terminated: onClosed,
  })
}

/** Of all keys that begin with these parts: an array stands above every number and every text. */
export function keysBelow(...parts: readonly string[]): IDBKeyRange {
  return IDBKeyRange.bound([...parts], [...parts, []])
}
