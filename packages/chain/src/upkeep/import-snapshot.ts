/**
 * Starts a node's file from a snapshot, believing nothing in it but what follows from the hash of the genesis: each chunk
 * against the app hash, the app hash in a header signed by the validator that the genesis names. Then the next block is
 * executed, so that the node goes on exactly behind the last one that was signed.
 */
import { existsSync } from 'node:fs'
import { open, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { moveFile, writeFileDurably } from '@granary/base/node'
import { decodeHeader, hashTxs } from '@granary/protocol/header'
import type { Hash } from '@granary/protocol/messages'
import { type Genesis, genesisHash, genesisToJson } from '@granary/protocol/records'
import { headerVerifierOf } from '../engine/commit/header-verifier-of.ts'
import { homeFiles } from '../home/home-files.ts'
import { readGenesisFile } from '../home/read-home.ts'
import { ChainExistsError, GenesisUnknownError, SnapshotInvalidError } from '../snapshot/errors.ts'
import { readFrames } from '../snapshot/read-frames.ts'
import { decodeSigned, type SignedBlocks, type SignedBytes } from '../snapshot/snapshot-format.ts'
import { takeState } from '../snapshot/take-state.ts'
import { createStateMachine } from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import type { BlockRecord } from '../store/records.ts'
import { applyBlock } from './apply-block.ts'

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
  if (!existsSync(path)) throw new SnapshotInvalidError(path, 'there is no such file')

  const temporary = `${files.database}.importing`
  const leftovers = () => Promise.all(['', '-wal', '-shm'].map((end) => rm(temporary + end, { force: true })))
  await leftovers()
  const store = openStore({ path: temporary, dealKeys })
  try {
    const { genesis, signed, records } = await restore(store, path, trusted, signal)
    const machine = createStateMachine({ reader: store.reader })
    const next = signedBlock(path, signed.next, genesis)
    const finalized = applyBlock({ machine, store, block: next, txs: signed.next.txs })
    store.close()
    if (!existsSync(files.genesis)) {
      await writeFileDurably(files.genesis, `${JSON.stringify(genesisToJson(genesis), null, 2)}\n`, 0o600)
    }
    // The file gets its name when all of it is on the disk: a kill before that leaves a folder without blocks.
    await moveFile(temporary, files.database)
    return { genesisHash: trusted, height: next.height, appHash: finalized.appHash, records }
  } catch (error) {
    store.close()
    await leftovers()
    // Of a folder that was made for it nothing stays.
    await rmdir(dirname(temporary)).catch(() => undefined)
    throw error
  }
}

/** The state after the file's first block. */
async function restore(
  store: Store,
  path: string,
  trusted: Hash,
  signal: AbortSignal | undefined,
): Promise<{ genesis: Genesis; signed: SignedBlocks; records: number }> {
  const file = await open(path)
  const frames = readFrames(file, path)
  const frame = async (what: string): Promise<Uint8Array> => {
    signal?.throwIfAborted()
    const { done, value } = await frames.next()
    if (done) throw new SnapshotInvalidError(path, `it ends before ${what}`)
    return value
  }
  try {
    const first = await frame('its blocks')
    const signed = parsed(path, () => decodeSigned(first))
    if (signed.genesisHash !== trusted) throw new SnapshotInvalidError(path, `it is of the chain ${signed.genesisHash}`)
    const { appHash } = parsed(path, () => decodeHeader(signed.next.header))
    const head = await frame('its state')
    const restoration = store.restoration()
    const taking = parsed(path, () => takeState({ head, appHash, genesisHash: trusted, restoration }))
    while (taking.next < taking.chunks) {
      const chunk = await frame(`chunk ${taking.next} of ${taking.chunks}`)
      parsed(path, () => taking.take(chunk))
    }
    if (!(await frames.next()).done) throw new SnapshotInvalidError(path, 'there is more behind its last chunk')
    const genesis = parsed(path, () => taking.genesis())
    taking.finish(blockOf(path, signed, genesis))
    return { genesis, signed, records: taking.records }
  } finally {
    await file.close()
  }
}

/** The block that the state is after, and which the next one follows. */
function blockOf(path: string, signed: SignedBlocks, genesis: Genesis): Omit<BlockRecord, 'appHash'> {
  const [block, next] = [signedBlock(path, signed.block, genesis), signedBlock(path, signed.next, genesis)]
  const { previousHash, txsHash } = decodeHeader(next.header)
  if (next.height !== block.height + 1 || previousHash !== block.hash) {
    throw new SnapshotInvalidError(path, 'its headers do not follow each other')
  }
  if (txsHash !== hashTxs(signed.next.txs)) throw new SnapshotInvalidError(path, 'its block has other transactions')
  return block
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
