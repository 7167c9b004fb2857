/** Signed transfers through the RPC into committed blocks; node and load share the machine. */
import { runChain } from '@granary/chain/node'
import { genesisHash } from '@granary/protocol/records'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import { transfersASecond } from './run-transfers.ts'
import { withTemporaryHome } from './temporary-home.ts'

const RUNS = 3
const ACCOUNTS = 48
const PER_ACCOUNT = 100

export async function benchTransfers({ signal, onProgress }: BenchOptions = {}): Promise<ChainFigure> {
  const values: number[] = []
  for (let run = 1; run <= RUNS; run += 1) {
    signal?.throwIfAborted()
    onProgress?.(`transfers, run ${run} of ${RUNS}`)
    values.push(await oneRun())
  }
  return figureOf({ name: 'signed transfers through the RPC into blocks', unit: '/s', must: 600 }, values)
}

async function oneRun(): Promise<number> {
  return withTemporaryHome(async ({ home, genesis, faucetKey }) => {
    const node = await runChain({ home, port: 0 })
    try {
      const sender = { urls: [node.url], genesisHash: genesisHash(genesis), key: faucetKey! }
      return await transfersASecond({ ...sender, accounts: ACCOUNTS, perAccount: PER_ACCOUNT })
    } finally {
      await node.stop()
    }
  })
}
