import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChainClient, createChainClient, sendMessage } from '@granary/protocol/client'
import {
  accountSigner,
  addressOf,
  encodeTransaction,
  hashOf,
  type Signer,
  type Transaction,
  typedTransaction,
} from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../../provider/test/start-devnet.ts'
import { dyingChain } from '../../test/dying-chain.ts'
import { fileLock } from '../node/file-lock.ts'
import { fileOutbox } from '../node/file-outbox.ts'
import type { Spender } from './send-once.ts'
import { planTransfer, transfer } from './transfer.ts'

const GRN = 10n ** 18n

let home: string
let devnet: Devnet
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-once-'))
  devnet = await startDevnet(join(home, 'devnet'))
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(home, { recursive: true })
})

const somebody = () => addressOf(new Uint8Array(randomBytes(32)))
const balanceOf = async (address: `0x${string}`) => BigInt((await devnet.chain.account(address)).balance)

interface Payer extends Spender {
  readonly folder: string
}

async function payer(): Promise<Payer> {
  const signer: Signer = accountSigner(new Uint8Array(randomBytes(32)))
  await devnet.chain.faucet(signer.address)
  const folder = join(home, signer.address)
  const { chain } = devnet
  return { chain, signer, outbox: fileOutbox(join(folder, 'outbox')), lock: fileLock(folder), folder }
}

async function records({ folder }: Payer): Promise<string[]> {
  return await readdir(join(folder, 'outbox'))
}

test.each([
  ['after the node had the message', true],
  ['before a byte of it left', false],
])('a send that was killed %s is paid once by the same command', async (_when, delivered) => {
  const spender = await payer()
  const to = somebody()
  const { chain, signal } = dyingChain(devnet.chain.url, delivered)
  await expect(transfer({ ...spender, chain }, { to, amount: GRN }, { signal })).rejects.toMatchObject({
    name: 'AbortError',
  })
  const [left = ''] = await records(spender)
  const { tx, resumed } = await transfer(spender, { to, amount: GRN })
  expect(resumed).toBe(true)
  expect(left).toContain(tx.id.slice(2))
  expect(await balanceOf(to)).toBe(GRN)
  expect(await records(spender)).toEqual([])

  expect((await transfer(spender, { to, amount: GRN })).resumed).toBe(false)
  expect(await balanceOf(to)).toBe(2n * GRN)
})

test('a send of nearly all there is, killed in its block, is paid once: no plan refuses what has been done', async () => {
  const spender = await payer()
  const wish = { to: somebody(), amount: (await balanceOf(spender.signer.address)) - GRN }
  const { chain, signal } = dyingChain(devnet.chain.url, true)
  await transfer({ ...spender, chain }, wish, { signal }).catch(() => undefined)
  while ((await balanceOf(wish.to)) === 0n) await new Promise((done) => setTimeout(done, 50))
  const confirm = () => {
    throw new Error('asked for what is paid')
  }
  expect((await transfer(spender, wish, { confirm })).resumed).toBe(true)
  await expect(transfer(spender, wish, { confirm })).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  expect(await balanceOf(wish.to)).toBe(wish.amount)
})

test('a send whose plan is not agreed to spends nothing and leaves nothing', async () => {
  const spender = await payer()
  const to = somebody()
  const confirm = () => Promise.reject(new Error('no'))
  await expect(transfer(spender, { to, amount: GRN }, { confirm })).rejects.toThrow('no')
  expect([await balanceOf(to), await records(spender).catch(() => [])]).toEqual([0n, []])
})

test('a send whose plan nobody ever answers ends when it is told to, and the next may send', async () => {
  const spender = await payer()
  const wish = { to: somebody(), amount: GRN }
  const stop = new AbortController()
  const reason = new Error('enough')
  const confirm = () => {
    stop.abort(reason)
    return new Promise<void>(() => undefined)
  }
  await expect(transfer(spender, wish, { confirm, signal: stop.signal })).rejects.toBe(reason)
  expect((await transfer(spender, wish)).resumed).toBe(false)
  expect(await balanceOf(wish.to)).toBe(GRN)
})

test('what was agreed to is the most that a send costs, however fees rise while a person reads', async () => {
  const spender = await payer()
  const to = somebody()
  let isRead = false
  const chain: ChainClient = {
    ...spender.chain,
    async fees(options) {
      const { feeBase, ...fees } = await spender.chain.fees(options)
      return { ...fees, feeBase: isRead ? feeBase * 1_000n : feeBase }
    },
  }
  const confirm = () => {
    isRead = true
  }
  const refused = transfer({ ...spender, chain }, { to, amount: GRN }, { confirm })
  await expect(refused).rejects.toMatchObject({ code: 'PRICE_ABOVE_MAX' })
  expect([await balanceOf(to), await records(spender).catch(() => [])]).toEqual([0n, []])
})

test('a send that was interrupted is not sent by a command that wants something else', async () => {
  const spender = await payer()
  const mistyped = somebody()
  const to = somebody()
  const { chain, signal } = dyingChain(devnet.chain.url, false)
  await transfer({ ...spender, chain }, { to: mistyped, amount: 500n * GRN }, { signal }).catch(() => undefined)
  await transfer(spender, { to, amount: GRN })
  expect(await balanceOf(to)).toBe(GRN)
  expect(await balanceOf(mistyped)).toBe(0n)
  // Its sequence is taken: the same wish is signed anew, and happens once.
  expect((await transfer(spender, { to: mistyped, amount: 500n * GRN })).resumed).toBe(false)
  expect(await balanceOf(mistyped)).toBe(500n * GRN)
})

/** A message of an earlier run that no block has, and that none can have after a few epochs. */
async function leaveExpired(spender: Payer, to: `0x${string}`): Promise<void> {
  const { chain, signer, outbox } = spender
  const { genesisHash, height } = await chain.status()
  const envelope = { sender: signer.address, lane: 0, sequence: 0, validUntil: height + 2, maxFee: GRN }
  const tx: Transaction = { kind: 'Transfer', ...envelope, body: { to, amount: GRN } }
  const message = typedTransaction(genesisHash, tx)
  const bytes = encodeTransaction(tx, await signer.sign(message))
  await outbox.write(genesisHash, { ...envelope, id: hashOf(message.digest), bytes, signedAt: height })
  while ((await chain.status()).height <= height + 2) await new Promise((done) => setTimeout(done, 50))
}

test('a send whose time has passed in no block is signed anew', async () => {
  const spender = await payer()
  const to = somebody()
  await leaveExpired(spender, to)
  expect((await transfer(spender, { to, amount: GRN })).resumed).toBe(false)
  expect(await balanceOf(to)).toBe(GRN)
})

test('a node that has dropped the blocks of that time is not believed that there was nothing', async () => {
  const spender = await payer()
  const to = somebody()
  await leaveExpired(spender, to)
  // Somebody has used the sequence since: this message, or another one.
  await sendMessage({ chain: spender.chain, signer: spender.signer, kind: 'Transfer', body: { to, amount: 1n } })
  const pruned: typeof fetch = async (url, init) => {
    if (!String(url).includes('/v1/blocks/')) return await fetch(url, init)
    const { headers } = await fetch(`${devnet.chain.url}/v1/status`)
    const error = { code: 'BLOCK_NOT_FOUND', message: 'dropped', hint: '', retryable: false }
    return Response.json(
      { error },
      { status: 404, headers: [...headers].filter(([name]) => name.startsWith('granary')) },
    )
  }
  const chain = createChainClient({ url: devnet.chain.url, fetch: pruned, retries: 0 })
  await expect(transfer({ ...spender, chain }, { to, amount: GRN })).rejects.toMatchObject({
    code: 'MESSAGE_UNDECIDED',
  })
  expect(await balanceOf(to)).toBe(1n)
})

/** The node's answers to what is submitted, changed on their way. */
function answering(change: (answer: object) => object, status: number): ChainClient {
  const changed: typeof fetch = async (url, init) => {
    const response = await fetch(url, init)
    if (!String(url).includes('/v1/txs')) return response
    return Response.json(change((await response.json()) as object), { status, headers: response.headers })
  }
  return createChainClient({ url: devnet.chain.url, fetch: changed, retries: 0 })
}

test('a message that failed in its block is over, and is not looked for again', async () => {
  const spender = await payer()
  const chain = answering((answer) => ({ ...answer, code: 'DEAL_OVER' }), 200)
  const wish = { to: somebody(), amount: GRN }
  await expect(transfer({ ...spender, chain }, wish)).rejects.toMatchObject({ code: 'DEAL_OVER' })
  expect(await records(spender)).toEqual([])
})

test('a message is looked for whatever the node has said, since an earlier answer may be lost', async () => {
  const spender = await payer()
  const to = somebody()
  const error = { code: 'RATE_LIMITED', message: 'too many', hint: '', retryable: false }
  const chain = answering(() => ({ error }), 429)
  await expect(transfer({ ...spender, chain }, { to, amount: GRN })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect((await transfer(spender, { to, amount: GRN })).resumed).toBe(true)
  expect(await balanceOf(to)).toBe(GRN)
})

test('a send that was refused is paid once when there is money for it', async () => {
  const spender = await payer()
  const { chain, signer } = spender
  const to = somebody()
  const wish = { to, amount: 20n * GRN }
  const all = (await balanceOf(signer.address)) - 10n * GRN
  await transfer(spender, { to: somebody(), amount: all })
  await expect(transfer(spender, wish)).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  await sendMessage({
    chain,
    signer: (await payer()).signer,
    kind: 'Transfer',
    body: { to: signer.address, amount: 50n * GRN },
  })
  await transfer(spender, wish)
  expect(await balanceOf(to)).toBe(20n * GRN)
  expect(await records(spender)).toEqual([])
})

test('of two that send at the same time one waits', async () => {
  const spender = await payer()
  const to = somebody()
  const both = await Promise.allSettled([
    transfer(spender, { to, amount: GRN }),
    transfer(spender, { to, amount: GRN }),
  ])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'SEND_RUNNING' } })
  expect(await balanceOf(to)).toBe(GRN)
})

test('a damaged record stops what would spend, since nobody knows what it was', async () => {
  const spender = await payer()
  const to = somebody()
  const { chain, signal } = dyingChain(devnet.chain.url, false)
  await transfer({ ...spender, chain }, { to, amount: GRN }, { signal }).catch(() => undefined)
  const [name = ''] = await records(spender)
  const path = join(spender.folder, 'outbox', name)
  for (const text of ['', '{}', '{"schemaVersion":1}']) {
    await writeFile(path, text)
    await expect(transfer(spender, { to, amount: GRN })).rejects.toMatchObject({
      code: 'OUTBOX_INVALID',
      details: { path },
    })
  }
  expect(await balanceOf(to)).toBe(0n)
})

test('what a transfer costs is known before, to the last attoGRN that may leave', async () => {
  const spender = await payer()
  const from = spender.signer.address
  const to = somebody()
  const { chain } = spender
  const plan = await planTransfer({ chain, from, to, amount: GRN })
  const before = await balanceOf(from)
  expect(plan).toMatchObject({ from, to, amount: GRN, balance: before })
  expect(plan.accountFee).toBe((await chain.params()).accountFee)
  const { tx } = await transfer(spender, { to, amount: GRN })
  const left = before - (await balanceOf(from))
  expect(left).toBe(GRN + plan.accountFee + BigInt(tx.fee))
  expect(left).toBeLessThanOrEqual(plan.totalMax)
  expect(BigInt(tx.fee)).toBeLessThanOrEqual(plan.fee)
  expect((await planTransfer({ chain, from, to, amount: GRN })).accountFee).toBe(0n)
  await expect(planTransfer({ chain, from, to, amount: 0n })).rejects.toMatchObject({ code: 'AMOUNT_ZERO' })
  await expect(planTransfer({ chain, from, to, amount: before })).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
})
