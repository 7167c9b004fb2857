/** A process of its own: full blocks over a large state, each timed from its first transaction to its commit, and the memory. */

import { dealKeys, homeFiles, openStore, readHome } from '@granary/chain/internal'
import { createStateMachine, readGenesis, readHead } from '@granary/chain/state'
import { addressOf } from '@granary/protocol/messages'
import { commitFinalized } from './commit-finalized.ts'
import { threadCpuMs } from './thread-cpu-ms.ts'
import { anyAddress, entryFor, transfersOf, verdictsFor } from './transfers-of.ts'

export interface LargeStateResult {
  readonly commitMs: readonly number[]
  /** Of each commit, what it used of a core: what it takes when nothing else runs, but for the disk. */
  readonly commitCpuMs: readonly number[]
  /** Of each block, what follows when its senders have been answered. */
  readonly clearLogMs: readonly number[]
  readonly memoryMb: number
}

/** They warm up the compiler. */
const UNCOUNTED = 10

const [home = '', accounts = '0', blocks = '0'] = process.argv.slice(2)
const { beaconKey, faucetKey } = await readHome(home)
const store = openStore({ path: homeFiles(home).database, dealKeys })
const genesis = readGenesis(store.reader)
const sender = addressOf(faucetKey!)
const machine = createStateMachine({ reader: store.reader, verifiers: verdictsFor(sender) })
const commitMs: number[] = []
const commitCpuMs: number[] = []
const clearLogMs: number[] = []
for (let block = 0; block < UNCOUNTED + Number(blocks); block += 1) {
  const head = readHead(store.reader)
  const height = head.height + 1
  const timeMs = genesis.timeMs + height * genesis.blockTimeMs
  const candidates = transfersOf(sender, block, () => anyAddress(Number(accounts)))
  const beacon = entryFor(genesis, beaconKey, head.timeMs)
  const txs = machine.prepareBlock({ height, timeMs, candidates, beacon: beacon === undefined ? [] : [beacon] })
  const startCpuMs = threadCpuMs()
  const startMs = performance.now()
  const finalized = machine.finalizeBlock({ height, timeMs, txs })
  commitFinalized(store, { height, timeMs, txs }, finalized)
  commitMs.push(performance.now() - startMs)
  commitCpuMs.push(threadCpuMs() - startCpuMs)
  const clearMs = performance.now()
  store.clearLog()
  clearLogMs.push(performance.now() - clearMs)
}
store.close()
const result: LargeStateResult = {
  commitMs: commitMs.slice(UNCOUNTED),
  commitCpuMs: commitCpuMs.slice(UNCOUNTED),
  clearLogMs: clearLogMs.slice(UNCOUNTED),
  memoryMb: process.resourceUsage().maxRSS / 1024,
}
process.send?.(result)
