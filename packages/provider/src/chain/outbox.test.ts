/** The faults of a line and of a node, with a real node: each message is on the chain once. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type ErrorCode, fromHex, GranaryError, sleep } from '@granary/base'
import { createChainClient, sendMessage } from '@granary/protocol/client'
import { accountSigner, type Signer, sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { type Devnet, startDevnet } from '../../test/start-devnet.ts'
import { openStore } from '../storage/open-store.ts'
import { createOutbox, type Outbox, type OutboxEvent } from './outbox.ts'

const LANE = 3
const to = `0x${'42'.repeat(20)}` as const
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let signer: Signer
let db: DatabaseSync
let said: OutboxEvent[]
/** What the line does to each request and its answer. */
let line: (ask: () => Promise<Response>, path: string) => Promise<Response>

beforeAll(async () => {
  root = await temporaryHome()
  // Blocks that come slowly enough for something to happen before them.
  devnet = await startDevnet(root.home, {}, 500)
})
afterAll(async () => {
  await devnet.stop()
  await root.remove()
})
beforeEach(async () => {
  signer = accountSigner(new Uint8Array(randomBytes(32)))
  await devnet.chain.faucet(signer.address)
  db = openStore(join(root.home, `${signer.address}.sqlite`))
  said = []
  line = (ask) => ask()
})

/** As a process has it that was started just now: over the same store. */
function outbox(stuckMs?: number): Outbox {
  const chain = createChainClient({
    url: devnet.chain.url,
    fetch: (url, init) => line(() => fetch(url, init), new URL(String(url)).pathname),
  })
  const options = { db, chain, log: (event: OutboxEvent) => void said.push(event) }
  return createOutbox(stuckMs === undefined ? options : { ...options, stuckMs })
}

const message = (subject: string) =>
  ({ signer, lane: LANE, kind: 'Transfer', body: { to, amount: 1n }, subject }) as const
const never = new AbortController().signal

async function sequence(): Promise<number> {
  return (await devnet.chain.account(signer.address)).sequences[LANE] ?? 0
}

test('a message is confirmed by its block, and then nothing is kept of it', async () => {
  const box = outbox()
  const tx = await box.send(message('one'), { signal: never })
  expect(tx).toMatchObject({ code: 'OK', kind: 'Transfer' })
  expect([await sequence(), box.count()]).toEqual([1, 0])
})

test('an answer that is lost is no second message', async () => {
  let lost = 0
  line = async (ask, path) => {
    const response = await ask()
    if (path === '/v1/txs' && lost++ < 2) throw new TypeError('the line is cut')
    return response
  }
  await outbox().send(message('one'), { signal: never })
  expect(lost).toBeGreaterThan(1)
  expect(await sequence()).toBe(1)
})

test('killed between sending and the block, the next process learns what became of it and sends nothing new', async () => {
  const killed = new AbortController()
  line = async (ask, path) => {
    if (path !== '/v1/txs') return ask()
    // It has arrived, and nobody is there any more for the answer.
    await ask()
    killed.abort(new DOMException('killed', 'AbortError'))
    throw killed.signal.reason
  }
  await expect(outbox().send(message('one'), { signal: killed.signal })).rejects.toThrow('killed')
  expect(outbox().count()).toBe(1)
  line = (ask) => ask()
  const box = outbox()
  const tx = await box.send(message('one'), { signal: never })
  expect(said).toEqual([{ type: 'outbox:resumed', kind: 'Transfer', subject: 'one', tx: tx.id }])
  expect([await sequence(), box.count()]).toEqual([1, 0])
})

test('killed before anything left, the next process sends what was signed', async () => {
  const killed = new AbortController()
  line = async (ask, path) => {
    if (path !== '/v1/txs') return ask()
    killed.abort(new DOMException('killed', 'AbortError'))
    throw new TypeError('nothing left')
  }
  await expect(outbox().send(message('one'), { signal: killed.signal })).rejects.toThrow('killed')
  line = (ask) => ask()
  await outbox().send(message('one'), { signal: never })
  expect(await sequence()).toBe(1)
})

test('what a key has signed that may sign no more is signed anew by the one in its place, in its sequence', async () => {
  const owner = signer
  const chain = devnet.chain
  const newKey = async (): Promise<Signer> => {
    const key = sessionSigner(new Uint8Array(randomBytes(32)), owner.address)
    const body = { publicKey: key.publicKey, scopes: ['Transfer'], expires: 1_000_000, spendingLimit: 10n ** 20n }
    await sendMessage({ chain, signer: owner, kind: 'AuthorizeKey', body })
    return key
  }
  signer = await newKey()
  const killed = new AbortController()
  line = async (ask, path) => {
    if (path !== '/v1/txs') return ask()
    killed.abort(new DOMException('killed', 'AbortError'))
    throw new TypeError('nothing left')
  }
  for (const subject of ['one', 'two'])
    await expect(outbox().send(message(subject), { signal: killed.signal })).rejects.toThrow('killed')
  line = (ask) => ask()
  const publicKey = fromHex(signer.sessionKey!)
  await sendMessage({ chain, signer: owner, kind: 'RevokeKey', body: { publicKey } })
  signer = await newKey()
  const box = outbox()
  await box.send(message('one'), { signal: never })
  expect(await sequence()).toBe(1)
  await box.settleLane(LANE, { signal: never })
  expect([await sequence(), box.count()]).toEqual([1, 0])
})

/** A process that was killed after its message left, and before the block that has it. */
async function killedAfterSending(): Promise<number> {
  const killed = new AbortController()
  line = async (ask, path) => {
    if (path !== '/v1/txs') return ask()
    // It has arrived: the block may come as soon as it likes, nobody waits for it.
    await ask()
    killed.abort(new DOMException('killed', 'AbortError'))
    throw killed.signal.reason
  }
  const { height } = await devnet.chain.status()
  await expect(outbox().send(message('one'), { signal: killed.signal })).rejects.toThrow('killed')
  while ((await sequence()) === 0) await sleep(50)
  line = (ask) => ask()
  return height
}

test('a message that is in a block, about which nobody asks again, is forgotten when its time is over', async () => {
  await killedAfterSending()
  const box = outbox()
  await box.forgetDecided({ signal: never })
  expect(box.count()).toBe(1)
  db.exec('UPDATE outbox SET valid_until = -1000')
  await box.forgetDecided({ signal: never })
  expect([await sequence(), box.count()]).toEqual([1, 0])
})

test('the same wish once more is not answered with what a block had when the chain was asked whether it is done', async () => {
  await killedAfterSending()
  const { height } = await devnet.chain.status()
  const box = outbox()
  const tx = await box.send({ ...message('one'), undoneAt: height }, { signal: never })
  expect([tx.height > height, await sequence(), box.count()]).toEqual([true, 2, 0])
})

test('a wish is answered with what a block has since the chain was asked whether it is done', async () => {
  const undoneAt = await killedAfterSending()
  await outbox().send({ ...message('one'), undoneAt }, { signal: never })
  expect(await sequence()).toBe(1)
})

test('what nobody can tell any more is signed anew where the chain has said that it is not done, and not where nobody asked', async () => {
  await killedAfterSending()
  db.exec('UPDATE outbox SET valid_until = 0')
  const { id, signed_at } = db.prepare('SELECT id, signed_at FROM outbox').get()!
  const dropped: Record<string, ErrorCode> = {
    [`/v1/txs/${id}`]: 'TX_NOT_FOUND',
    [`/v1/blocks/${Number(signed_at) + 1}`]: 'BLOCK_NOT_FOUND',
  }
  line = async (ask, path) => {
    const code = dropped[path]
    const response = await ask()
    if (code === undefined) return response
    const error = new GranaryError({ code, message: 'it is dropped', hint: 'ask another node' })
    const headers = ['granary-genesis', 'granary-height'].map((name) => [name, response.headers.get(name) ?? ''])
    return Response.json({ error }, { status: 404, headers: Object.fromEntries(headers) })
  }
  const box = outbox()
  await expect(box.send(message('one'), { signal: never })).rejects.toMatchObject({ code: 'MESSAGE_UNDECIDED' })
  expect([await sequence(), box.count()]).toEqual([1, 1])
  const { height } = await devnet.chain.status()
  await box.send({ ...message('one'), undoneAt: height }, { signal: never })
  expect([await sequence(), box.count()]).toEqual([2, 0])
})

test('a fee that has risen before the node takes it is signed anew', async () => {
  let fees = 0
  line = async (ask, path) => {
    const response = await ask()
    if (path !== '/v1/params' || fees++ > 0) return response
    const answer = (await response.json()) as { fees: Record<string, string> }
    for (const name of Object.keys(answer.fees)) answer.fees[name] = '0'
    return Response.json(answer, { headers: response.headers })
  }
  await outbox().send(message('one'), { signal: never })
  expect(fees).toBeGreaterThan(1)
  expect(await sequence()).toBe(1)
})

test('what waits because fees have risen is replaced by the same for more, and one of the two is on the chain', async () => {
  let fees = 0
  line = async (ask, path) => {
    const response = await ask()
    if (path !== '/v1/params' || fees++ === 0) return response
    const answer = (await response.json()) as { fees: Record<string, string> }
    for (const [name, fee] of Object.entries(answer.fees)) answer.fees[name] = String(BigInt(fee) * 10n)
    return Response.json(answer, { headers: response.headers })
  }
  const box = outbox(100)
  const tx = await box.send(message('one'), { signal: never })
  const replaced = said.filter((event) => event.type === 'outbox:replaced')
  expect(replaced.length).toBeGreaterThan(0)
  expect([tx.code, await sequence(), box.count()]).toEqual(['OK', 1, 0])
})

test('a node that restarts with it waiting gets the same bytes again; those of the same lane leave no gap', async () => {
  let restarted: Promise<void> | undefined
  line = async (ask, path) => {
    if (path !== '/v1/txs' || restarted !== undefined) return ask()
    restarted = devnet.restart()
    return ask()
  }
  const box = outbox()
  await box.send(message('one'), { signal: never })
  await restarted
  await box.send(message('two'), { signal: never })
  expect([await sequence(), box.count()]).toEqual([2, 0])
})

test('what the node refuses is not sent again as it was', async () => {
  const box = outbox()
  const { balance } = await devnet.chain.account(signer.address)
  const tooMuch = { ...message('one'), body: { to, amount: BigInt(balance) } }
  await expect(box.send(tooMuch, { signal: never })).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  expect(box.count()).toBe(0)
  await box.send(message('one'), { signal: never })
  expect(await sequence()).toBe(1)
})
