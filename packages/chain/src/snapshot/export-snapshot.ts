/** Writes the state after a block into a file that any node of the chain writes byte for byte the same. */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { createFile } from '@granary/base/node'
import { decodeHeader, isDerived, isInTree, pathOf } from '@granary/protocol/header'
import type { Hash } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { encodeOutside, readGenesis, type StateReader, type StateRecord } from '../state/index.ts'
import { compareBytes } from '../tree/update-tree.ts'
import { openChain } from '../upkeep/open-chain.ts'
import { OutExistsError, StateNotKeptError } from './errors.ts'
import { chunkAt, encodeHead, encodeRecords, prefixDigits, topOfChunk } from './snapshot-format.ts'

export interface ExportOptions {
  readonly home: string
  readonly out: string
  /** @default the newest state that a header names: that before the head */
  readonly height?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ExportedSnapshot {
  readonly path: string
  readonly height: number
  readonly appHash: Hash
  readonly records: number
  readonly chunks: number
  readonly bytes: number
  /** Of the file, hex. */
  readonly sha256: string
}

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, STATE_NOT_KEPT, OUT_EXISTS */
export async function exportSnapshot({ home, out, height: asked, signal }: ExportOptions): Promise<ExportedSnapshot> {
  const { store, head } = openChain(home)
  try {
    const height = asked ?? head.height - 1
    const state = height < head.height ? store.readerAt(height) : undefined
    const [block, next] = [store.block(height), store.block(height + 1)]
    if (state === undefined || block === undefined || next === undefined) {
      throw new StateNotKeptError(height, head.height)
    }
    const { digits, chunks, records } = chunksOf(state)
    const read = (keys: readonly Key[]) => keys.map(({ key }): StateRecord => [key, state.get(key)!])
    const frames = function* (): Generator<Uint8Array> {
      const tops = chunks.map((keys) => topOfChunk(read(keys), digits))
      const genesis = genesisHash(readGenesis(state))
      yield encodeHead({
        genesisHash: genesis,
        block,
        // Proofs are kept for longer than states.
        next: { ...next, txs: store.txBytesOf(height + 1).map((bytes) => bytes!) },
        outside: encodeOutside(state),
        tops,
      })
      for (const keys of chunks) yield encodeRecords(read(keys))
    }
    const written = await writeFrames(resolve(out), frames(), signal)
    return { height, appHash: decodeHeader(next.header).appHash, records, chunks: chunks.length, ...written }
  } finally {
    store.close()
  }
}

interface Key {
  readonly key: string
  readonly path: Uint8Array
}

function chunksOf(state: StateReader): { digits: number; chunks: Key[][]; records: number } {
  const all = Array.from(state.range(''), ([key]) => key).filter((key) => !isDerived(key))
  const keys = all.filter(isInTree)
  const digits = prefixDigits(keys.length)
  const chunks = Array.from({ length: 16 ** digits }, (): Key[] => [])
  for (const key of keys) {
    const path = pathOf(key)
    chunks[chunkAt(path, digits)]!.push({ key, path })
  }
  for (const chunk of chunks) chunk.sort((a, b) => compareBytes(a.path, b.path))
  return { digits, chunks, records: all.length }
}

/** The file appears whole, on the disk, or not at all, and replaces no other. */
async function writeFrames(
  path: string,
  frames: Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<{ path: string; bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    await createFile(path, async (file) => {
      for (const frame of frames) {
        signal?.throwIfAborted()
        const length = Buffer.alloc(4)
        length.writeUInt32BE(frame.length)
        for (const part of [length, frame]) {
          await file.writeFile(part)
          hash.update(part)
          bytes += part.length
        }
      }
    })
    return { path, bytes, sha256: hash.digest('hex') }
  } catch (error) {
    if (Error.isError(error) && (error as NodeJS.ErrnoException).code === 'EEXIST') throw new OutExistsError(path)
    throw error
  }
}
