/**
 * The states that a node gives to those who join: one every so many blocks, the newest few, each a file of frames that is made beside
 * the blocks and appears when it is whole. A frame is given as it was when it was checked, or not at all.
 */
import { hash } from 'node:crypto'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Hash } from '@granary/protocol/messages'
import type { Store } from '../store/open-store.ts'
import { type CollectedState, collectState } from './collect-state.ts'
import { readFrames } from './read-frames.ts'
import { appHashOfHead, CHUNK_BYTES_MAX, decodeHead } from './snapshot-format.ts'
import { framesOf, writeFrames } from './state-frames.ts'

export interface KeptSnapshot {
  readonly height: number
  /** The head, and a frame for each of its nodes. */
  readonly frames: number
  /** SHA-256 of the head. */
  readonly hash: Uint8Array
}

export type SnapshotEvent =
  | { readonly type: 'snapshot:made'; readonly height: number; readonly bytes: number; readonly ms: number }
  | { readonly type: 'snapshot:given-up'; readonly height: number; readonly message: string }

export interface KeptSnapshots {
  /** The newest first. */
  list(): readonly KeptSnapshot[]
  /** undefined: there is no such frame. */
  frame(height: number, at: number): Promise<Uint8Array | undefined>
  /** A block has been committed. */
  committed(height: number): void
  /** Ends what is being made. */
  stop(): Promise<void>
}

export interface KeepSnapshotsParts {
  readonly store: Store
  readonly folder: string
  /** Blocks from one to the next. */
  readonly every: number
  readonly log: (event: SnapshotEvent) => void
}

interface Kept extends KeptSnapshot {
  readonly path: string
  readonly sums: readonly (readonly [offset: number, length: number, sha256: string])[]
}

/** While one is fetched by a node that joins, the next may be made. */
const KEPT_MAX = 2
const NAME = /^(\d{1,16})\.state$/
const LENGTH_BYTES = 4

export function keepSnapshots({ store, folder, every, log }: KeepSnapshotsParts): KeptSnapshots {
  const stopping = new AbortController()
  let kept: Kept[] = []
  /** Of an earlier run: those that are whole, and of this chain. */
  const ready = reread().catch((error: unknown) =>
    log({ type: 'snapshot:given-up', height: 0, message: wordsOf(error) }),
  )
  let making: Promise<void> | undefined

  async function pause(): Promise<void> {
    await setImmediate()
    stopping.signal.throwIfAborted()
  }

  async function reread(): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(folder)) {
      const height = Number(NAME.exec(name)?.[1] ?? Number.NaN)
      const path = join(folder, name)
      const found = Number.isNaN(height)
        ? undefined
        : await check(path, height, store.block(height)?.appHash).catch(() => undefined)
      if (found === undefined) await rm(path, { force: true })
      else kept.push(found)
    }
    await keepNewest()
  }

  async function keepNewest(): Promise<void> {
    kept = kept.sort((a, b) => b.height - a.height)
    for (const { path } of kept.splice(KEPT_MAX)) await rm(path, { force: true })
  }

  async function make(height: number): Promise<void> {
    const startedAt = performance.now()
    const appHash = store.block(height)?.appHash
    let state: CollectedState | undefined
    await ready
    try {
      state = await collectState(store, height, { pause })
      if (state === undefined) throw new Error('blocks are made faster than it is collected')
      const frames = await framesOf(state, pause)
      if (appHashOfHead(frames.head) !== appHash) throw new Error('what was collected has another app hash')
      const path = join(folder, `${height}.state`)
      await rm(path, { force: true })
      const { bytes } = await writeFrames(path, frames.all())
      kept.push(await check(path, height, appHash))
      await keepNewest()
      log({ type: 'snapshot:made', height, bytes, ms: performance.now() - startedAt })
    } catch (error) {
      if (stopping.signal.aborted) return
      log({ type: 'snapshot:given-up', height, message: wordsOf(error) })
    } finally {
      state?.close()
    }
  }

  return {
    list: () => kept,
    async frame(height, at) {
      const found = kept.find((each) => each.height === height)
      const sum = found?.sums[at]
      if (found === undefined || sum === undefined) return undefined
      const [offset, length, sha256] = sum
      // It may be dropped while it is read.
      const bytes = await readAt(found.path, offset, length).catch(() => undefined)
      return bytes !== undefined && hash('sha256', bytes, 'hex') === sha256 ? bytes : undefined
    },
    committed(height) {
      if (height % every !== 0 || making !== undefined || stopping.signal.aborted) return
      making = make(height).finally(() => {
        making = undefined
      })
    },
    async stop() {
      stopping.abort()
      await ready
      await making
    },
  }
}

/** @throws Error, TypeError for a file that is none, or of another state */
async function check(path: string, height: number, appHash: Hash | undefined): Promise<Kept> {
  await using file = await open(path)
  const sums: [number, number, string][] = []
  let offset = 0
  let head: Uint8Array | undefined
  for await (const frame of readFrames(file, path)) {
    if (frame.length > CHUNK_BYTES_MAX) throw new TypeError(`a frame of ${frame.length} bytes is passed on by nobody`)
    head ??= frame
    sums.push([offset + LENGTH_BYTES, frame.length, hash('sha256', frame, 'hex')])
    offset += LENGTH_BYTES + frame.length
  }
  if (head === undefined) throw new TypeError('it is empty')
  const state = decodeHead(head)
  if (appHashOfHead(state) !== appHash || sums.length !== 1 + state.tops.length)
    throw new TypeError('it is not the state of the block')
  return { path, height, sums, frames: sums.length, hash: hash('sha256', head, 'buffer') }
}

async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset)
  if (bytesRead !== length) throw new TypeError('it is cut off')
  return buffer
}

function wordsOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error)
}
