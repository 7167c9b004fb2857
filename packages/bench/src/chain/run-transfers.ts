/** Signed transfers sent by a thread of this machine until they stand in blocks: how many a second, or how long each waits. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { GranaryError } from '@granary/base'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import { programBeside } from './program-beside.ts'
import type { LoadMessage, TransferLoad } from './transfer-load.ts'

const POLL_MS = 5
/** What was dropped is never in a block. */
const RUN_MS_MAX = 300_000

/** As fast as the nodes take them, until all nodes have the last one. */
export async function transfersASecond(load: Omit<TransferLoad, 'perSecond'>, signal?: AbortSignal): Promise<number> {
  const { urls, accounts, perAccount } = load
  const inTime = timed(signal)
  await using worker = await started(load, inTime)
  const startMs = performance.now()
  worker.go()
  const { last } = await worker.next('sent')
  for (const url of urls) await untilCommitted(createChainClient({ url }), last, inTime)
  return (accounts * perAccount * 1000) / (performance.now() - startMs)
}

/** @returns of each, from when it was to be sent until its node had it in a block */
export async function waitsOf(load: Required<TransferLoad>, signal?: AbortSignal): Promise<readonly number[]> {
  await using worker = await started(load, timed(signal))
  worker.go()
  return (await worker.next('committed')).waitedMs
}

/** A node that was not sent them hears of them by the others. */
export async function untilCommitted(chain: ChainClient, ids: readonly Hash[], signal: AbortSignal): Promise<void> {
  for (const id of ids) while (!(await isCommitted(chain, id))) await sleep(POLL_MS, undefined, { signal })
}

async function isCommitted(chain: ChainClient, id: Hash): Promise<boolean> {
  try {
    return (await chain.tx(id)).code !== 'PENDING'
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'TX_NOT_FOUND') return false
    throw error
  }
}

function timed(signal: AbortSignal | undefined): AbortSignal {
  const timeUp = AbortSignal.timeout(RUN_MS_MAX)
  return signal === undefined ? timeUp : AbortSignal.any([signal, timeUp])
}

interface Started extends AsyncDisposable {
  go(): void
  /** What the load reports next; an error of its thread is thrown here. */
  next<T extends LoadMessage['type']>(type: T): Promise<Extract<LoadMessage, { type: T }>>
}

/** With everything signed. */
async function started(load: TransferLoad, signal: AbortSignal): Promise<Started> {
  const { url, execArgv } = programBeside('transfer-load', import.meta.url)
  const worker = new Worker(url, { workerData: load, execArgv })
  async function next<T extends LoadMessage['type']>(type: T): Promise<Extract<LoadMessage, { type: T }>> {
    const [message] = (await once(worker, 'message', { signal })) as [LoadMessage]
    if (message.type !== type) throw new Error(`the load reported ${message.type} instead of ${type}`)
    return message as Extract<LoadMessage, { type: T }>
  }
  const stop = async () => void (await worker.terminate())
  try {
    await next('signed')
  } catch (error) {
    await stop()
    throw error
  }
  return { go: () => worker.postMessage('go'), next, [Symbol.asyncDispose]: stop }
}
