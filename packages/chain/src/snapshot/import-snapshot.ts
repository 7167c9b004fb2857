/**
 * Starts a node's file from a snapshot, believing nothing in it but what follows from the hash of the genesis: each chunk
 * against the app hash, the app hash in a header signed by the validator that the genesis names. Then the next block is
 * executed, so that the node goes on exactly behind the last one that was signed.
 */
import { existsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { moveFile, writeFileDurably } from '@granary/base/node'
import { appHashOf, decodeHeader, hashTxs } from '@granary/protocol/header'
import { type Hash, hashOf } from '@granary/protocol/messages'
import { type Genesis, genesisHash, genesisToJson } from '@granary/protocol/records'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { headerVerifierOf } from '../engine/commit/header-verifier-of.ts'
import { homeFiles } from '../home/home-files.ts'
import { readGenesisFile } from '../home/read-home.ts'
import { createStateMachine, deriveState, readGenesis, type StateReader, type StateRecord } from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { hashOfNode } from '../tree/node.ts'
import { applyBlock } from '../upkeep/apply-block.ts'
import { ChainExistsError, GenesisUnknownError, SnapshotInvalidError } from './errors.ts'
import { readFrames } from './read-frames.ts'
import {
  decodeHead,
  decodeRecords,
  rootOfTops,
  type SignedBytes,
  type SnapshotHead,
  topOfChunk,
} from './snapshot-format.ts'

export interface ImportOptions {
  readonly home: string
  readonly path: string
  /** @default that of <home>/chain/genesis.json */
  readonly genesisHash?: Hash | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ImportedSnapshot {
  readonly genesisHash: Hash
  /** The head: one block behind the snapshot's state. */
  readonly height: number
  readonly appHash: Hash
  readonly records: number
}

/** @throws GranaryError HOME_EXISTS, GENESIS_UNKNOWN, SNAPSHOT_INVALID */
export async function importSnapshot(options: ImportOptions): Promise<ImportedSnapshot> {
  const { home, path, signal } = options
  const files = homeFiles(home)
  if (existsSync(files.database)) throw new ChainExistsError(files.database)
  const trusted = options.genesisHash ?? (await hashOfGenesisFile(home))
  const { head, records } = await readSnapshot(path, trusted, signal)

  const { appHash, state } = deriveState(records)
  const reader: StateReader = { get: (key) => state.get(key) ?? undefined, range: () => [] }
  const genesis = readGenesis(reader)
  const { block, next } = signedBlocks(path, head, genesis, trusted, appHash)

  const temporary = `${files.database}.importing`
  const leftovers = () => Promise.all(['', '-wal', '-shm'].map((end) => rm(temporary + end, { force: true })))
  await leftovers()
  const store = openStore({ path: temporary, dealKeys })
  try {
    store.restore(block, state)
    const machine = createStateMachine({ reader: store.reader })
    const finalized = applyBlock({ machine, store, block: next, txs: head.next.txs })
    store.close()
    if (!existsSync(files.genesis)) {
      await writeFileDurably(files.genesis, `${JSON.stringify(genesisToJson(genesis), null, 2)}\n`, 0o600)
    }
    // The file gets its name when all of it is on the disk: a kill before that leaves a folder without blocks.
    await moveFile(temporary, files.database)
    return { genesisHash: trusted, height: next.height, appHash: finalized.appHash, records: records.length }
  } catch (error) {
    if (existsSync(temporary)) await leftovers()
    throw error
  }
}

async function readSnapshot(
  path: string,
  trusted: Hash,
  signal: AbortSignal | undefined,
): Promise<{ head: SnapshotHead; records: StateRecord[] }> {
  if (!existsSync(path)) throw new SnapshotInvalidError(path, 'there is no such file')
  const file = await open(path)
  try {
    const frames = readFrames(file, path)
    const first = await frames.next()
    if (first.done) throw new SnapshotInvalidError(path, 'it is empty')
    const head = parsed(path, () => decodeHead(first.value))
    if (head.genesisHash !== trusted) throw new SnapshotInvalidError(path, `it is of the chain ${head.genesisHash}`)
    const { appHash } = parsed(path, () => decodeHeader(head.next.header))
    const root = hashOfNode(rootOfTops(head.tops))
    if (hashOf(appHashOf(root, sha256(head.outside))) !== appHash) {
      throw new SnapshotInvalidError(path, 'its state is not the one that its header names')
    }
    const records = parsed(path, () => decodeRecords(head.outside))
    const digits = Math.log2(head.tops.length) / 4
    for (const [at, top] of head.tops.entries()) {
      signal?.throwIfAborted()
      const frame = await frames.next()
      if (frame.done) throw new SnapshotInvalidError(path, `it ends before chunk ${at} of ${head.tops.length}`)
      const chunk = parsed(path, () => decodeRecords(frame.value))
      const actual = hashOfNode(parsed(path, () => topOfChunk(chunk, digits)))
      if (bytesToHex(actual) !== bytesToHex(hashOfNode(top))) {
        throw new SnapshotInvalidError(path, `chunk ${at} is not the one that its header names`)
      }
      for (const record of chunk) records.push(record)
    }
    if (!(await frames.next()).done) throw new SnapshotInvalidError(path, 'there is more behind its last chunk')
    return { head, records }
  } finally {
    await file.close()
  }
}

function signedBlocks(
  path: string,
  head: SnapshotHead,
  genesis: Genesis,
  trusted: Hash,
  appHash: Hash,
): { block: BlockRecord; next: Omit<BlockRecord, 'appHash'> } {
  if (genesisHash(genesis) !== trusted) throw new SnapshotInvalidError(path, 'its state has another genesis')
  const [block, next] = [head.block, head.next].map((signed) => signedBlock(path, signed, genesis))
  if (block === undefined || next === undefined) throw new SnapshotInvalidError(path, 'it lacks a header')
  const { previousHash, txsHash, appHash: named } = decodeHeader(next.header)
  if (next.height !== block.height + 1 || previousHash !== block.hash) {
    throw new SnapshotInvalidError(path, 'its headers do not follow each other')
  }
  if (txsHash !== hashTxs(head.next.txs)) throw new SnapshotInvalidError(path, 'its block has other transactions')
  if (named !== appHash) throw new SnapshotInvalidError(path, 'its state is not the one that its header names')
  return { block: { ...block, appHash }, next }
}

function signedBlock(path: string, { header, signature }: SignedBytes, genesis: Genesis): Omit<BlockRecord, 'appHash'> {
  const believed = headerVerifierOf(genesis).verify({ bytes: header, signature })
  if (believed === undefined) throw new SnapshotInvalidError(path, 'a header is not signed by the validator')
  const { height, timeMs, hash } = believed
  return { height, timeMs, hash, header, signature }
}

async function hashOfGenesisFile(home: string): Promise<Hash> {
  if (!existsSync(homeFiles(home).genesis)) throw new GenesisUnknownError(home)
  return genesisHash(await readGenesisFile(home))
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new SnapshotInvalidError(path, Error.isError(error) ? error.message : 'it cannot be read', error)
  }
}
