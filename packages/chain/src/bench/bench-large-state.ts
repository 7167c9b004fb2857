/** Blocks of 1,000 transfers over a state of many accounts: the 99th percentile of a commit, and the memory of the process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { commitGenesis } from '../engine/commit-genesis.ts'
import { homeFiles } from '../home/home-files.ts'
import { addressOf } from '../messages/index.ts'
import { createStateMachine } from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore } from '../store/open-store.ts'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import type { LargeStateResult } from './large-state-blocks.ts'
import { programBeside } from './program-beside.ts'
import { seedAccounts } from './seed-accounts.ts'
import { type TemporaryHome, withTemporaryHome } from './temporary-home.ts'

const BLOCKS = 100

export interface LargeStateOptions extends BenchOptions {
  /** @default 1,000,000 */
  readonly accounts?: number
}

export async function benchLargeState({
  accounts = 1_000_000,
  signal,
  onProgress,
}: LargeStateOptions = {}): Promise<ChainFigure[]> {
  return withTemporaryHome(async (home) => {
    seed(home, accounts, (done) => {
      signal?.throwIfAborted()
      if (done % 100_000 === 0) onProgress?.(`state: ${done} of ${accounts} accounts`)
    })
    onProgress?.(`large state, ${BLOCKS} blocks`)
    const { url, execArgv } = programBeside('large-state-blocks')
    const child = fork(fileURLToPath(url), [home.home, String(accounts), String(BLOCKS)], { execArgv, signal })
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`the process that executes the blocks ended with ${code} before its result`)
    })
    const [result] = await Promise.race([once(child, 'message', { signal }), died])
    const { commitMs, memoryMb }: LargeStateResult = result
    const over = `over ${accounts.toLocaleString('en')} accounts`
    return [
      figureOf({ name: `block of 1,000 transfers ${over}, p99 of a commit`, unit: 'ms', must: 250 }, commitMs, 0.99),
      figureOf({ name: `block of 1,000 transfers ${over}, median of a commit`, unit: 'ms', must: 250 }, commitMs),
      figureOf({ name: `memory ${over}`, unit: 'MB', must: 700 }, [memoryMb]),
    ]
  })
}

function seed(
  { home, genesis, validatorKey, faucetKey }: TemporaryHome,
  accounts: number,
  onProgress: (done: number) => void,
): void {
  const store = openStore({ path: homeFiles(home).database, dealKeys })
  try {
    commitGenesis({ store, machine: createStateMachine({ reader: store.reader }), genesis, validatorKey })
    seedAccounts(store, addressOf(faucetKey), accounts, onProgress)
  } finally {
    store.close()
  }
}
