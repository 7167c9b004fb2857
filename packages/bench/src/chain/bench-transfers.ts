/** Signed transfers through the RPC into committed blocks; node and load share the machine. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { runChain } from '@granary/chain/node'
import { createChainClient } from '@granary/protocol/client'
import { genesisHash } from '@granary/protocol/records'
import { type BenchOptions, type ChainFigure, figureOf } from './figure.ts'
import { programBeside } from './program-beside.ts'
import { withTemporaryHome } from './temporary-home.ts'
import type { LoadMessage, TransferLoad } from './transfer-load.ts'

const RUNS = 3
const ACCOUNTS = 48
const PER_ACCOUNT = 100
const POLL_MS = 5

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
      const load: TransferLoad = {
        url: node.url,
        genesisHash: genesisHash(genesis),
        key: faucetKey!,
        accounts: ACCOUNTS,
        perAccount: PER_ACCOUNT,
      }
      const { url, execArgv } = programBeside('transfer-load', import.meta.url)
      const worker = new Worker(url, { workerData: load, execArgv })
      await next(worker, 'signed')
      const startMs = performance.now()
      worker.postMessage('go')
      const { last } = await next(worker, 'sent')
      const chain = createChainClient({ url: node.url })
      for (const id of last)
        while ((await chain.tx(id)).code === 'PENDING') await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      return (ACCOUNTS * PER_ACCOUNT * 1000) / (performance.now() - startMs)
    } finally {
      await node.stop()
    }
  })
}

/** What the load reports next; an error of its thread is thrown here. */
async function next<T extends LoadMessage['type']>(
  worker: Worker,
  type: T,
): Promise<Extract<LoadMessage, { type: T }>> {
  const [message] = (await once(worker, 'message')) as [LoadMessage]
  if (message.type !== type) throw new Error(`the load reported ${message.type} instead of ${type}`)
  return message as Extract<LoadMessage, { type: T }>
}
