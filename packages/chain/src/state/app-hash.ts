/**
 * The app hash of a block: one hash over the whole state, that a light client can open at any key. docs/spec/chain.md,
 * section 7. The tree lies in the state as well, as pages that are no part of what they are made from.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { type Hash, hashOf } from '../messages/index.ts'
import { encodeTuple } from '../messages/tuple-codec.ts'
import { appHashOf } from '../tree/hashes.ts'
import type { PageReader } from '../tree/page.ts'
import { proveKey } from '../tree/prove-key.ts'
import { rootOf, updateTree } from '../tree/update-tree.ts'
import { faultOfProof, type TreeProof } from '../tree/verify-proof.ts'
import { createOverlay, type Overlay, type StateReader } from './store.ts'

export const APP_HASH_KEY = 'app-hash'

/**
 * Single records that change in every block, in the order of their keys. They are hashed beside the tree, because a path
 * of the tree for each would cost more than all of them. Tables that grow are never here.
 */
const OUTSIDE: readonly string[] = ['draws', 'head', 'rewards', 'totals']
const PAGES = 'tree/'

/** Whether a key of the state has a leaf in the tree. */
export function isInTree(key: string): boolean {
  return key !== APP_HASH_KEY && !OUTSIDE.includes(key) && !isPage(key)
}

/** Pages and the app hash follow from the rest of the state. */
export function isDerived(key: string): boolean {
  return key === APP_HASH_KEY || isPage(key)
}

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

/** Makes tree and app hash anew from records alone; what they are then stands in the overlay's writes. */
export function deriveState(records: Iterable<readonly [string, Uint8Array]>): {
  appHash: Hash
  state: ReadonlyMap<string, Uint8Array | null>
} {
  const overlay = createOverlay({ get: () => undefined, range: () => [] })
  for (const [key, value] of records) overlay.put(key, value)
  return { appHash: writeAppHash(overlay), state: overlay.writes() }
}

/** As the pages and the records outside of the tree have it; the leaves are not read. */
export function appHashOfState(reader: StateReader): Hash {
  return hashOf(appHashOf(treeRootOf(reader), sha256(encodeOutside(reader))))
}

export function treeRootOf(reader: StateReader): Uint8Array {
  return rootOf(pagesOf(reader))
}

/** Canonical encoding of the records outside of the tree: `[key, value]` in key order, those that there are. */
export function encodeOutside(reader: StateReader): Uint8Array {
  return encodeTuple(
    OUTSIDE.flatMap((key) => {
      const value = reader.get(key)
      return value === undefined ? [] : [[utf8ToBytes(key), value]]
    }),
  )
}

/** Of a key that is in the tree, or could be. */
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

function isPage(key: string): boolean {
  return key.startsWith(PAGES)
}
