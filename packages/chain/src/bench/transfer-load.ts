/** A thread that sends signed transfers over HTTP as fast as the node takes them, each lane in its order. */
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { bytesToHex } from '@noble/hashes/utils.js'
import {
  accountSigner,
  encodeTransaction,
  type Hash,
  hashOf,
  type Transaction,
  transactionDigest,
} from '../messages/index.ts'

export interface TransferLoad {
  readonly url: string
  readonly genesisHash: Hash
  readonly key: Uint8Array
  readonly lanes: number
  readonly perLane: number
  readonly maxFee: bigint
}

export type LoadMessage =
  | { readonly type: 'signed' }
  | { readonly type: 'sent'; readonly last: readonly Hash[]; readonly refused: number }

interface Signed {
  readonly id: Hash
  readonly bytes: Uint8Array
}

const load = workerData as TransferLoad
const agent = new Agent({ keepAlive: true, maxSockets: load.lanes })
const lanes = await Promise.all(Array.from({ length: load.lanes }, (_, lane) => signLane(lane)))

parentPort?.on('message', async () => {
  const refused = await Promise.all(lanes.map(sendLane))
  const last = lanes.map((lane) => lane.at(-1)!.id)
  agent.destroy()
  parentPort?.postMessage({ type: 'sent', last, refused: refused.reduce((sum, n) => sum + n, 0) } satisfies LoadMessage)
  parentPort?.close()
})
parentPort?.postMessage({ type: 'signed' } satisfies LoadMessage)

async function signLane(lane: number): Promise<Signed[]> {
  const signer = accountSigner(load.key)
  return Promise.all(
    Array.from({ length: load.perLane }, async (_, sequence) => {
      const tx: Transaction<'Transfer'> = {
        kind: 'Transfer',
        sender: signer.address,
        lane,
        sequence,
        validUntil: 1_000_000,
        maxFee: load.maxFee,
        body: { to: `0x${bytesToHex(randomBytes(20))}`, amount: 1n },
      }
      const digest = transactionDigest(load.genesisHash, tx)
      return { id: hashOf(digest), bytes: encodeTransaction(tx, await signer.sign(digest)) }
    }),
  )
}

/** @returns how often the node said that it is full and was asked again */
async function sendLane(lane: readonly Signed[]): Promise<number> {
  let refused = 0
  for (const { bytes } of lane) {
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
