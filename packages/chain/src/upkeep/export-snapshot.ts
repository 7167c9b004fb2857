/** Writes the state after a block into a file that any node of the chain writes byte for byte the same. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Hash } from '@granary/protocol/messages'
import { genesisHash } from '@granary/protocol/records'
import { homeFiles } from '../home/home-files.ts'
import { type CollectedState, collectState } from '../snapshot/collect-state.ts'
import { OnCometError, OutExistsError, StateNotKeptError } from '../snapshot/errors.ts'
import { encodeSigned } from '../snapshot/snapshot-format.ts'
import { framesOf, writeFrames } from '../snapshot/state-frames.ts'
import { readGenesis } from '../state/index.ts'
import { openChain } from './open-chain.ts'

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

/** @throws GranaryError HOME_MISSING, HOME_LOCKED, CHAIN_ON_COMETBFT, STATE_NOT_KEPT, OUT_EXISTS */
export async function exportSnapshot({ home, out, height: asked, signal }: ExportOptions): Promise<ExportedSnapshot> {
  if (existsSync(homeFiles(home).network)) throw new OnCometError(home)
  const { store, head } = openChain(home)
  const path = resolve(out)
  const pause = async () => signal?.throwIfAborted()
  let state: CollectedState | undefined
  try {
    const height = asked ?? head.height - 1
    const [block, next] = [store.block(height), store.block(height + 1)]
    if (block === undefined || next === undefined || store.readerAt(height) === undefined)
      throw new StateNotKeptError(height, head.height)
    state = await collectState(store, height, { pause })
    if (state === undefined) throw new StateNotKeptError(height, head.height)
    const frames = await framesOf(state, pause)
    const signed = encodeSigned({
      genesisHash: genesisHash(readGenesis(store.reader)),
      block,
      // Proofs are kept for longer than states.
      next: { ...next, txs: store.txBytesOf(height + 1).map((bytes) => bytes!) },
    })
    const whole = async function* () {
      yield signed
      yield* frames.all()
    }
    const written = await writeFrames(path, whole())
    const { records } = state
    return { path, height, appHash: block.appHash, records, chunks: frames.chunks, ...written }
  } catch (error) {
    if (Error.isError(error) && (error as NodeJS.ErrnoException).code === 'EEXIST') throw new OutExistsError(path)
    throw error
  } finally {
    state?.close()
    store.close()
  }
}
