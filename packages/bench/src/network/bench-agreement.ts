/** Transfers over validators on CometBFT: how many a second, how long one waits at half of that, and the nodes' memory meanwhile. */
import { type BenchOptions, type ChainFigure, figureOf } from '../chain/figure.ts'
import { transfersASecond, waitsOf } from '../chain/run-transfers.ts'
import { withWorkshop } from '../proofs/workshop.ts'
import { type NetworkOptions, startNetwork } from './start-network.ts'
import { watchMemory } from './watch-memory.ts'

export type NetworkBenchOptions = BenchOptions & Omit<NetworkOptions, 'signal'>

const RUNS = 5
const ACCOUNTS = 48
const PER_ACCOUNT = 50
const PACED_SECONDS = 20
/** An account has 32 for transfers. */
const LANES = 31

export function benchAgreement({ onProgress, ...options }: NetworkBenchOptions): Promise<ChainFigure[]> {
  const { validators, signal } = options
  return withWorkshop(async (folder) => {
    onProgress?.(`${validators} validators`)
    await using network = await startNetwork(folder, options)
    const { urls, genesisHash, faucetKey: key } = network
    const memory = watchMemory(urls)
    const speeds: number[] = []
    for (let run = 1; run <= RUNS; run += 1) {
      onProgress?.(`transfers, run ${run} of ${RUNS}`)
      const load = { urls, genesisHash, key, accounts: ACCOUNTS, perAccount: PER_ACCOUNT }
      speeds.push(await transfersASecond(load, signal))
      onProgress?.(`${Math.round(speeds.at(-1)!)} a second`)
    }
    const speed = figureOf({ name: `signed transfers, ${on(validators)}`, unit: '/s', must: 200, goal: 500 }, speeds)
    const perSecond = Math.max(1, Math.floor(speed.value / 2))
    onProgress?.(`${perSecond} transfers a second for ${PACED_SECONDS} s`)
    const accounts = Math.ceil((perSecond * PACED_SECONDS) / LANES)
    const waits = await waitsOf({ urls, genesisHash, key, accounts, perAccount: LANES, perSecond }, signal)
    const wait = { unit: 'ms', must: 4_000, goal: 2_000 } as const
    return [
      speed,
      figureOf({ name: `from sending to its block at ${perSecond} /s, p50`, ...wait }, waits),
      figureOf({ name: `from sending to its block at ${perSecond} /s, p95`, ...wait }, waits, 0.95),
      figureOf(
        { name: 'memory of a node meanwhile, the most of all', unit: 'MB', must: 600, goal: 300 },
        await memory.stop(),
        1,
      ),
    ]
  })
}

export function on(validators: number): string {
  return validators === 1 ? 'one validator' : `${validators} validators`
}
