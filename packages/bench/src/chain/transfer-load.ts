/** A thread that sends signed transfers of many accounts over HTTP as fast as the node takes them, each account's in their order. */

import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { toHex } from '@granary/base'
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
  readonly url: string
  readonly genesisHash: Hash
  /** Of who gives the accounts their money. */
  readonly key: Uint8Array
  readonly accounts: number
  readonly perAccount: number
}

export type LoadMessage =
  | { readonly type: 'signed' }
  | { readonly type: 'sent'; readonly last: readonly Hash[]; readonly refused: number }

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

const agent = new Agent({ keepAlive: true, maxSockets: load.accounts })
const signers = Array.from({ length: load.accounts }, () => accountSigner(randomBytes(32)))
await fund()
const queues = await Promise.all(signers.map(signTransfers))

parentPort?.on('message', async () => {
  const refused = await Promise.all(queues.map(sendInOrder))
  const last = queues.map((queue) => queue.at(-1)!.id)
  agent.destroy()
  parentPort?.postMessage({ type: 'sent', last, refused: refused.reduce((sum, n) => sum + n, 0) } satisfies LoadMessage)
  parentPort?.close()
})
parentPort?.postMessage({ type: 'signed' } satisfies LoadMessage)

/** From one account, in as many lanes as its share of a pool allows. */
async function fund(): Promise<void> {
  const funder = accountSigner(load.key)
  const sequences = Array.from({ length: FUNDING_LANES }, () => 0)
  const grants = await Promise.all(
    signers.map(({ address }, index) => {
      const lane = index % FUNDING_LANES
      return signTransfer(funder, { lane, sequence: sequences[lane]!++, to: address, amount: GRANT })
    }),
  )
  await sendInOrder(grants)
  for (const { id } of grants) while (!(await isCommitted(id))) await new Promise((done) => setTimeout(done, POLL_MS))
}

async function isCommitted(id: Hash): Promise<boolean> {
  const answer = await fetch(`${load.url}/v1/txs/${id}`)
  const { code } = (await answer.json()) as { code: string }
  return code === 'OK'
}

function signTransfers(signer: Signer): Promise<Signed[]> {
  return Promise.all(
    Array.from({ length: load.perAccount }, (_, sequence) => {
      const to: Address = toHex(randomBytes(20))
      return signTransfer(signer, { lane: 0, sequence, to, amount: 1n })
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

/** @returns how often the node said that it is full and was asked again */
async function sendInOrder(queue: readonly Signed[]): Promise<number> {
  let refused = 0
  for (const { bytes } of queue) {
    for (;;) {
      const status = await post(bytes)
      if (status === 202 || status === 200) break
      if (status !== 503) throw new Error(`the node answered ${status}`)
      refused += 1
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return refused
}

function post(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes.length }
    const sent = request(`${load.url}/v1/txs`, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    sent.once('error', reject)
    sent.end(bytes)
  })
}
