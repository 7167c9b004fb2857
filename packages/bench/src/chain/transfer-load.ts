/**
 * A thread that sends signed transfers of many accounts over HTTP, each account's through one of the nodes: as fast as these take
 * them and in their order, or so many a second, each in a lane of its own and waited for.
 */

import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { toHex } from '@granary/base'
import { createChainClient } from '@granary/protocol/client'
import {
  type Address,
  accountSigner,
  encodeTransaction,
  type Hash,
  hashOf,
  type Signer,
  type Transaction,
  typedTransaction,
} from '@granary/protocol/messages'

export interface TransferLoad {
  /** Of the nodes, of one chain. */
  readonly urls: readonly string[]
  readonly genesisHash: Hash
  /** Of who gives the accounts their money. */
  readonly key: Uint8Array
  readonly accounts: number
  /** With `perSecond` no more than an account has lanes for. */
  readonly perAccount: number
  /** @default as fast as they are taken */
  readonly perSecond?: number
}

export type LoadMessage =
  | { readonly type: 'signed' }
  | { readonly type: 'sent'; readonly last: readonly Hash[]; readonly refused: number }
  /** From when each was to be sent until its node had it in a block. */
  | { readonly type: 'committed'; readonly waitedMs: readonly number[] }

interface Signed {
  readonly id: Hash
  readonly bytes: Uint8Array
}

const load = workerData as TransferLoad
/** For all that an account may have waiting, at fees that are far above the lowest. */
const MAX_FEE = 10n ** 16n
const GRANT = 10n ** 19n
const FUNDING_LANES = 16
const POLL_MS = 50

const agent = new Agent({
  keepAlive: true,
  maxSockets: load.perSecond === undefined ? load.accounts : Number.POSITIVE_INFINITY,
})
const signers = Array.from({ length: load.accounts }, () => accountSigner(randomBytes(32)))
await fund()
const queues = await Promise.all(signers.map(signTransfers))

parentPort?.on('message', async () => {
  const report = load.perSecond === undefined ? await sendAll() : await sendEvenly(load.perSecond)
  agent.destroy()
  parentPort?.postMessage(report)
  parentPort?.close()
})
parentPort?.postMessage({ type: 'signed' } satisfies LoadMessage)

/** From one account, in as many lanes as its share of a pool allows; until all nodes know of the money. */
async function fund(): Promise<void> {
  const funder = accountSigner(load.key)
  const chain = createChainClient({ url: load.urls[0]! })
  const { sequences: used } = await chain.account(funder.address)
  const sequences = Array.from({ length: FUNDING_LANES }, (_, lane) => used[lane] ?? 0)
  const grants = await Promise.all(
    signers.map(({ address }, index) => {
      const lane = index % FUNDING_LANES
      return signTransfer(funder, { lane, sequence: sequences[lane]!++, to: address, amount: GRANT })
    }),
  )
  await sendInOrder(grants, load.urls[0]!)
  for (const url of load.urls) for (const { id } of grants) while (!(await isCommitted(id, url))) await sleep(POLL_MS)
}

async function isCommitted(id: Hash, url: string): Promise<boolean> {
  const answer = await fetch(`${url}/v1/txs/${id}`)
  const { code } = (await answer.json()) as { code?: string }
  return code === 'OK'
}

function signTransfers(signer: Signer): Promise<Signed[]> {
  return Promise.all(
    Array.from({ length: load.perAccount }, (_, index) => {
      const to: Address = toHex(randomBytes(20))
      const [lane, sequence] = load.perSecond === undefined ? [0, index] : [index, 0]
      return signTransfer(signer, { lane, sequence, to, amount: 1n })
    }),
  )
}

async function signTransfer(
  signer: Signer,
  { lane, sequence, ...body }: { readonly lane: number; readonly sequence: number; to: Address; amount: bigint },
): Promise<Signed> {
  const tx: Transaction<'Transfer'> = {
    kind: 'Transfer',
    sender: signer.address,
    lane,
    sequence,
    validUntil: 1_000_000,
    maxFee: MAX_FEE,
    body,
  }
  const message = typedTransaction(load.genesisHash, tx)
  return { id: hashOf(message.digest), bytes: encodeTransaction(tx, await signer.sign(message)) }
}

function urlOf(account: number): string {
  return load.urls[account % load.urls.length]!
}

async function sendAll(): Promise<LoadMessage> {
  const refused = await Promise.all(queues.map((queue, account) => sendInOrder(queue, urlOf(account))))
  const last = queues.map((queue) => queue.at(-1)!.id)
  return { type: 'sent', last, refused: refused.reduce((sum, n) => sum + n, 0) }
}

/** However late answers come, so that what waits is not left out of the figure. */
async function sendEvenly(perSecond: number): Promise<LoadMessage> {
  const total = load.accounts * load.perAccount
  const startMs = performance.now()
  const sent: Promise<number>[] = []
  for (let index = 0; index < total; index += 1) {
    const dueMs = startMs + (index * 1_000) / perSecond
    const earlyMs = dueMs - performance.now()
    if (earlyMs > 1) await sleep(earlyMs)
    const account = index % load.accounts
    const { bytes } = queues[account]![Math.floor(index / load.accounts)]!
    sent.push(committed(bytes, urlOf(account)).then(() => performance.now() - dueMs))
  }
  return { type: 'committed', waitedMs: await Promise.all(sent) }
}

async function committed(bytes: Uint8Array, url: string): Promise<void> {
  const status = await post(bytes, `${url}/v1/txs?wait=committed`)
  if (status !== 200) throw new Error(`the node answered ${status}`)
}

/** @returns how often the node said that it is full and was asked again */
async function sendInOrder(queue: readonly Signed[], url: string): Promise<number> {
  let refused = 0
  for (const { bytes } of queue) {
    for (;;) {
      const status = await post(bytes, `${url}/v1/txs`)
      if (status === 202 || status === 200) break
      if (status !== 503) throw new Error(`the node answered ${status}`)
      refused += 1
      await sleep(POLL_MS)
    }
  }
  return refused
}

/** The same bytes again are the same transaction: a node closes a connection that was silent for seconds, whoever writes to it then. */
async function post(bytes: Uint8Array, url: string): Promise<number> {
  for (;;) {
    const status = await postOnce(bytes, url)
    if (status !== undefined) return status
  }
}

/** @returns undefined where the connection was closed before */
function postOnce(bytes: Uint8Array, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes.length }
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    sent.once('error', (error: NodeJS.ErrnoException) => {
      if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(undefined)
      else reject(error)
    })
    sent.end(bytes)
  })
}
