/**
 * The app hash of a block: one hash over the whole state, that a light client can open at any key. docs/spec/chain.md,
 * section 7. The tree lies in the state as well, as pages that are no part of what they are made from.
 */

import { encodeTuple } from '@granary/protocol/codec'
import {
  APP_HASH_KEY,
  appHashOf,
  faultOfProof,
  isInTree,
  OUTSIDE_KEYS,
  PAGES,
  pathOf,
  type TreeProof,
} from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { PageReader } from '../../tree/page.ts'
import { proveKey } from '../../tree/prove-key.ts'
import { rootOf, updateTree } from '../../tree/update-tree.ts'
import type { Overlay, StateReader } from './store.ts'

/**
 * Two hex digits are one byte: a page whose prefix is this long lies in one part of the tree, the paths with that first
 * byte.
 */
const SHARED_DIGITS = 2

export type StateRecord = readonly [key: string, value: Uint8Array]

/** At the end of a block: puts what it wrote into the tree, and gives the app hash, which then stands in the state too. */
export function writeAppHash(overlay: Overlay): Hash {
  const { pages } = updateTree(
    pagesOf(overlay),
    [...overlay.writes()].filter(([key]) => isInTree(key)),
  )
  for (const [prefix, page] of pages) {
    if (page === null) overlay.delete(PAGES + prefix)
    else overlay.put(PAGES + prefix, page)
  }
  const appHash = appHashOf(rootOf(pagesOf(overlay)), sha256(encodeOutside(overlay)))
  overlay.put(APP_HASH_KEY, appHash)
  return hashOf(appHash)
}

/** Makes tree and app hash anew from records alone. @returns the state: the records with the pages made from them */
export function deriveState(records: readonly StateRecord[]): {
  appHash: Hash
  state: ReadonlyMap<string, Uint8Array>
} {
  const state = new Map([...records, ...derivedRecords(records)])
  return { appHash: hashOf(state.get(APP_HASH_KEY)!), state }
}

/**
 * Makes the pages that follow from all records of a state, one part of the tree after the other: however many records there
 * are, only the pages that all parts share are kept in memory meanwhile.
 */
export function* derivedRecords(records: Iterable<StateRecord>): Generator<StateRecord> {
  const outside = new Map<string, Uint8Array>()
  const parts: StateRecord[][] = Array.from({ length: 256 }, () => [])
  for (const record of records) {
    if (isInTree(record[0])) parts[pathOf(record[0])[0]!]!.push(record)
    else outside.set(...record)
  }
  const derivation = createDerivation(SHARED_DIGITS)
  for (const part of parts) yield* derivation.pagesOf(part)
  yield* derivation.end(outside)
}

/** What follows from records that come in parts of the tree. */
export interface Derivation {
  /** Those pages that lie in this part alone. */
  pagesOf(part: readonly StateRecord[]): Generator<StateRecord>
  /** The pages that parts share, and the app hash. @param outside the records beside the tree */
  end(outside: Pick<StateReader, 'get'>): Generator<StateRecord>
}

/** @param digits a part is what stands below a path's first hex digits, so many */
export function createDerivation(digits: number): Derivation {
  const shared = new Map<string, Uint8Array>()
  // The root's page is always there: its nodes are what the app hash is made of.
  const sharedDigits = Math.max(1, digits)
  return {
    *pagesOf(part) {
      for (const [prefix, page] of updateTree(shared, part).pages) {
        if (page === null) continue
        if (prefix.length < sharedDigits) shared.set(prefix, page)
        else yield [PAGES + prefix, page]
      }
    },
    *end(outside) {
      for (const [prefix, page] of shared) yield [PAGES + prefix, page]
      yield [APP_HASH_KEY, appHashOf(rootOf(shared), sha256(encodeOutside(outside)))]
    },
  }
}

/** The app hash that the stored pages and the records outside of the tree give; the leaves are not read. */
export function appHashOfState(reader: StateReader): Hash {
  return hashOf(appHashOf(treeRootOf(reader), sha256(encodeOutside(reader))))
}

export function treeRootOf(reader: StateReader): Uint8Array {
  return rootOf(pagesOf(reader))
}

/** Canonical encoding of the records outside of the tree: `[key, value]` in key order, those that there are. */
export function encodeOutside(reader: Pick<StateReader, 'get'>): Uint8Array {
  return encodeTuple(
    OUTSIDE_KEYS.flatMap((key) => {
      const value = reader.get(key)
      return value === undefined ? [] : [[utf8ToBytes(key), value]]
    }),
  )
}

/** The proof of what stands at a key of the tree, or that nothing does. */
export function proveState(reader: StateReader, key: string): TreeProof {
  return proveKey(pagesOf(reader), key)
}

/** Whether the tree has the value that the state has. */
export function isStateInTree(reader: StateReader, key: string): boolean {
  return faultOfProof(treeRootOf(reader), key, reader.get(key), proveState(reader, key)) === undefined
}

function pagesOf(reader: StateReader): PageReader {
  return { get: (prefix) => reader.get(PAGES + prefix) }
}
