/** Blocks of 1,000 transfers over a state of many accounts: the 99th percentile of a commit, and the memory of the process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { dealKeys, homeFiles, openStore } from '@granary/chain/internal'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import type { LargeStateResult } from './large-state-blocks.ts'
import { programBeside } from './program-beside.ts'
import { seedState } from './seed-state.ts'
import { withTemporaryHome } from './temporary-home.ts'

const BLOCKS = 200

export interface LargeStateOptions extends BenchOptions {
  /** @default 1,000,000 */
  readonly accounts?: number
  /** And as many deals. @default 100,000 */
  readonly sectors?: number
}

export async function benchLargeState({
  accounts = 1_000_000,
  sectors = 100_000,
  signal,
  onProgress,
}: LargeStateOptions = {}): Promise<ChainFigure[]> {
  return withTemporaryHome(async (home) => {
    onProgress?.(`state: ${accounts} accounts, ${sectors} deals, ${sectors} sectors`)
    const store = openStore({ path: homeFiles(home.home).database, dealKeys })
    try {
      seedState(store, home, { accounts, sectors })
    } finally {
      store.close()
    }
    signal?.throwIfAborted()
    onProgress?.(`large state, ${BLOCKS} blocks`)
    const { url, execArgv } = programBeside('large-state-blocks', import.meta.url)
    const child = fork(fileURLToPath(url), [home.home, String(accounts), String(BLOCKS)], { execArgv, signal })
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`the process that executes the blocks ended with ${code} before its result`)
    })
    const [result] = await Promise.race([once(child, 'message', { signal }), died])
    const { commitMs, commitCpuMs, clearLogMs, memoryMb }: LargeStateResult = result
    const [people, market] = [accounts, sectors].map((count) => count.toLocaleString('en'))
    const over = `over ${people} accounts, ${market} deals and sectors`
    const block = `block of 1,000 transfers ${over}`
    return [
      figureOf({ name: `${block}, p99 of a commit`, unit: 'ms', must: 250 }, commitMs, 0.99),
      figureOf({ name: `${block}, median of a commit`, unit: 'ms', must: 250 }, commitMs),
      figureOf({ name: `${block}, p99 of a commit's processor time`, unit: 'ms', must: 250 }, commitCpuMs, 0.99),
      figureOf({ name: `${block}, median of a commit's processor time`, unit: 'ms', must: 250 }, commitCpuMs),
      figureOf({ name: 'clearing the log after it, median', unit: 'ms', must: 250 }, clearLogMs),
      figureOf({ name: `memory ${over}`, unit: 'MB', must: 700 }, [memoryMb]),
    ]
  })
}
