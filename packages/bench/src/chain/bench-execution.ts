/** Execution alone, signatures ready: blocks of 1,000 transfers to new accounts, from the first transaction to the app hash. */

import { commitGenesis, createHeaderSigner, dealKeys, homeFiles, openStore } from '@granary/chain/internal'
import { createStateMachine } from '@granary/chain/state'
import { addressOf } from '@granary/protocol/messages'
import { commitFinalized } from './commit-finalized.ts'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import { withTemporaryHome } from './temporary-home.ts'
import { threadCpuMs } from './thread-cpu-ms.ts'
import { anyAddress, entryFor, TRANSFERS, transfersOf, verdictsFor } from './transfers-of.ts'

const BLOCKS = 20
/** The first ones warm up the compiler. */
const UNCOUNTED = 5
const RECIPIENTS = 1_000_000

export async function benchExecution({ signal, onProgress }: BenchOptions = {}): Promise<ChainFigure> {
  onProgress?.(`execution, ${BLOCKS} blocks`)
  return withTemporaryHome(async ({ home, genesis, validatorKey, beaconKey, faucetKey }) => {
    const store = openStore({ path: homeFiles(home).database, dealKeys })
    try {
      const sender = addressOf(faucetKey!)
      const machine = createStateMachine({ reader: store.reader, verifiers: verdictsFor(sender) })
      commitGenesis({ store, machine, genesis, sign: createHeaderSigner(genesis, validatorKey) })
      const values: number[] = []
      for (let height = 1; height <= BLOCKS; height += 1) {
        signal?.throwIfAborted()
        const timeMs = genesis.timeMs + height * genesis.blockTimeMs
        const candidates = transfersOf(sender, height - 1, () => anyAddress(RECIPIENTS))
        const beacon = entryFor(genesis, beaconKey, timeMs - genesis.blockTimeMs)
        const txs = machine.prepareBlock({ height, timeMs, candidates, beacon: beacon === undefined ? [] : [beacon] })
        const startMs = threadCpuMs()
        const finalized = machine.finalizeBlock({ height, timeMs, txs })
        if (height > UNCOUNTED) values.push((TRANSFERS * 1000) / (threadCpuMs() - startMs))
        commitFinalized(store, { height, timeMs, txs }, finalized)
      }
      return figureOf(
        { name: 'execution alone, signatures ready, in a second of one core', unit: '/s', must: 10_000 },
        values,
      )
    } finally {
      store.close()
    }
  })
}
