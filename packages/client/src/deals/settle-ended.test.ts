import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ChainClient,
  createChainClient,
  type DealView,
  type SectorState,
  sendMessage,
} from '@granary/protocol/client'
import { accountSigner, dealTermsToJson, feeOf, type Signer } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  type Devnet,
  publishDeal,
  registerProvider,
  startDevnet,
  type TestProvider,
} from '../../../provider/test/start-devnet.ts'
import { clientSigner, someTerms } from '../../test/a-deal.ts'
import { sectorView, serveChain } from '../../test/chain-answers.ts'
import type { CallOptions } from '../call-options.ts'
import { memoryJournal } from '../memory/memory-journal.ts'
import { type Client, createGranary, DealEndedError, type PutProgress } from '../node/index.ts'
import { nodePorts } from '../node/node-ports.ts'
import { putPrepared } from '../upload/put-prepared.ts'
import { uploadQuote } from '../upload/upload-quote.ts'
import { awaitsSettlement, type SettleProgress, settleEnded } from './settle-ended.ts'

const PRICE = 40n * 10n ** 15n

let folder: string
let devnet: Devnet
let chain: ChainClient
let provider: TestProvider

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-settle-'))
  devnet = await startDevnet(join(folder, 'devnet'))
  chain = devnet.chain
  provider = await registerProvider(chain, { name: '2KiB-test', sectorBytes: 2_048 })
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(folder, { recursive: true })
})

interface Account {
  readonly signer: Signer
  readonly client: Client
  readonly dealId: number
  readonly pieceCid: string
  money(): Promise<{ balance: bigint; locked: bigint; sent: number }>
}

/** An account of its own, with a deal that its provider never proved: over, and nobody has settled it. */
async function accountWithLapsedDeal(): Promise<Account> {
  const signer = accountSigner(new Uint8Array(randomBytes(32)))
  await chain.faucet(signer.address)
  const payload = new Uint8Array(randomBytes(900))
  const input = { chain, provider, client: signer, folder: join(folder, 'pieces'), payload }
  const { dealId, pieceCid } = await publishDeal({ ...input, duration: 40, activateWithin: 10 })
  const client = createGranary({ chain, signer, folder: join(folder, signer.address) })
  for await (const _block of chain.events({ types: ['block'] }))
    if ((await chain.deal(dealId)).state === 'lapsed') break
  return {
    signer,
    client,
    dealId,
    pieceCid,
    async money() {
      const { balance, locked, sequences } = await chain.account(signer.address)
      return { balance: BigInt(balance), locked: BigInt(locked), sent: sequences[0] ?? 0 }
    },
  }
}

/** A put with nothing more to pay: an upload whose only deal this is, as its journal has it. */
async function putAgain({ signer, dealId }: Account, onProgress: (progress: PutProgress) => void): Promise<void> {
  const ports = nodePorts({ chain, signer, folder: join(folder, signer.address) })
  const { agreementId, terms } = await chain.deal(dealId)
  const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  const status = await chain.status()
  const log = await memoryJournal().open(status.genesisHash, rootCid)
  const pieces = [{ payloadSize: terms.payloadSize, pieceSize: terms.pieceSize }]
  const content = { genesisHash: status.genesisHash, rootCid, name: 'f', fileBytes: 900, duration: 40 }
  await log.append({ type: 'opened', ...content, pieces, places: [{ piece: 0, copy: 0 }] })
  const adopted = { provider: terms.provider, terms, agreementId, dealId, active: true }
  await log.append({ type: 'slot:adopted', slot: 0, ...adopted })
  const price = {
    price: 0n,
    order: 0n,
    recordFees: 0n,
    messageFees: 0n,
    spareFees: 0n,
    total: 0n,
    month: 0n,
    perGiBMonth: 0n,
    storedBytes: 0,
  }
  const quote = uploadQuote(
    { ...content, pieces, copies: 1, durationMs: 0, renewUntil: null, renewUntilMs: null, withoutEffect: [] },
    [],
    price,
  )
  const prepared = {
    ...{
      status,
      order: { until: 0, from: 0 },
      log,
      events: [],
      state: log.state!,
      skipped: new Set<number>(),
      planned: [],
      quote,
      feesPerDeal: 0n,
      dealFees: new Map(),
      isInterrupted: false,
      isMade: false,
    },
    manifest: { rootCid, fileBytes: 900, blocks: 1, pieces },
    survey: () => Promise.reject(new Error('nobody is looked for')),
    compare: () => Promise.resolve([]),
    dealsOf: (options: CallOptions) => Array.fromAsync(ports.chain.deals({ client: ports.account.address }, options)),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
  await putPrepared(ports, prepared, { onProgress })
}

test('a put whose price nobody could agree to has settled nothing, since that has its price too', async () => {
  const { client, signer, money } = await accountWithLapsedDeal()
  const before = await money()
  const file = join(folder, `${signer.address}.txt`)
  await writeFile(file, 'stored by nobody')
  await expect(client.put(file)).rejects.toMatchObject({ code: 'NO_PROVIDER' })
  expect(await money()).toEqual(before)
})

const looks: [string, (account: Account, onProgress: (progress: PutProgress) => void) => Promise<unknown>][] = [
  ['deals', ({ client }, onProgress) => client.deals({ onProgress })],
  ['status', ({ client, pieceCid }, onProgress) => client.status(pieceCid, { onProgress })],
  ['put, once its price is agreed to,', (account, onProgress) => putAgain(account, onProgress)],
]

test.each(looks)('%s brings back what an ended deal of its account still locks, once', async (_verb, look) => {
  const account = await accountWithLapsedDeal()
  const before = await account.money()
  expect(before.locked).toBe(PRICE)
  const told: PutProgress[] = []
  await look(account, (progress) => told.push(progress))
  const after = await account.money()
  expect(told).toContainEqual({ type: 'settled', deals: [account.dealId], back: String(PRICE) })
  expect(after.locked).toBe(0n)
  expect(after.balance).toBeGreaterThan(before.balance + (PRICE * 9n) / 10n)
  expect(after.sent).toBe(before.sent + 1)

  told.length = 0
  await look(account, (progress) => told.push(progress))
  expect(await account.money()).toEqual(after)
  expect(told.filter(({ type }) => type.startsWith('settle'))).toEqual([])
})

test('a look at deals that run sends nothing, and one at the deals of others neither', async () => {
  const other = await accountWithLapsedDeal()
  const signer = accountSigner(new Uint8Array(randomBytes(32)))
  await chain.faucet(signer.address)
  const client = createGranary({ chain, signer, folder: join(folder, signer.address) })
  const payload = new Uint8Array(randomBytes(900))
  await publishDeal({ chain, provider, client: signer, folder: join(folder, 'pieces'), payload, duration: 40 })
  const { balance, sequences } = await chain.account(signer.address)
  const [own] = await client.deals()
  expect(own).toMatchObject({ state: 'published', awaitsSettlement: false })
  const [seen] = (await client.status(own!.pieceCid)).deals
  expect(seen).toEqual({ ...own, ...timesOf(seen) })
  expect((await client.status(other.pieceCid)).deals).toMatchObject([{ state: 'lapsed', awaitsSettlement: true }])
  expect(await chain.account(signer.address)).toMatchObject({ balance, sequences })
  expect((await other.money()).locked).toBe(PRICE)
})

test('a settlement that fails is told, and the deals are listed all the same', async () => {
  const account = await accountWithLapsedDeal()
  const { signer, client, dealId } = account
  const fees = await chain.fees()
  const { balance } = await account.money()
  // Enough for that, and not for the units of a settlement.
  const amount = balance - 3n * feeOf('Transfer', 256, fees)
  await sendMessage({ chain, signer, kind: 'Transfer', body: { to: provider.owner.address, amount } })
  const told: SettleProgress[] = []
  const deals = await client.deals({ onProgress: (progress) => told.push(progress) })
  expect(told).toMatchObject([
    { type: 'settle:failed', deals: [dealId], code: 'INSUFFICIENT_FUNDS', hint: expect.any(String) },
  ])
  expect(deals).toMatchObject([{ id: dealId, awaitsSettlement: true, locked: String(PRICE) }])
})

/** Estimates by the head at that moment. */
function timesOf(deal: object | undefined): object {
  return Object.fromEntries(Object.entries(deal ?? {}).filter(([name]) => name.endsWith('AtMs')))
}

function ended(changes: Partial<DealView>): DealView {
  const money = { locked: '10', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = {
    publishedAt: 1,
    lapsesAt: 2,
    activatedAt: 10,
    endsAt: 20,
    provenEpochs: 6,
    faultedEpochs: 4,
    settledThrough: 0,
  }
  const terms = dealTermsToJson(someTerms({ client: clientSigner.address }))
  return { id: 1, agreementId: '0x00', terms, state: 'expired', ...money, ...epochs, ...changes }
}

test.each<[string, Partial<DealView>, boolean]>([
  ['expired', {}, true],
  ['terminated', { state: 'terminated' }, true],
  ['cancelled', { state: 'cancelled' }, true],
  ['active', { state: 'active' }, false],
  ['expired, its last span not decided', { faultedEpochs: 3 }, false],
  ['expired, and settled', { locked: '0' }, false],
  ['cancelled with a claim', { state: 'cancelled', claim: '5' }, false],
])('a deal that is %s: awaits settlement %#', (_what, changes, awaits) => {
  expect(awaitsSettlement(ended(changes))).toBe(awaits)
})

test('who is told that a deal has ended is not told that its money is back before it is', () => {
  const now = { height: 1, timeMs: Date.UTC(2030, 0, 31), blockTimeMs: 60_000 }
  const locked = new DealEndedError(ended({ state: 'lapsed', lapsesAt: 61 }), now)
  expect(locked.message).toBe('deal 1 lapsed: provider 1000 did not prove it by 2030-01-31 01:00 UTC (epoch 61)')
  expect(locked).toMatchObject({ code: 'DEAL_LAPSED', hint: expect.stringContaining('stays locked until then') })
  expect(locked.hint).not.toContain('back')
  const settled = new DealEndedError(ended({ state: 'terminated', locked: '0' }), now)
  expect(settled).toMatchObject({ code: 'DEAL_ENDED', hint: 'put again for a new deal' })
})

test.each<[SectorState, boolean]>([
  ['faulty', false],
  ['active', true],
  ['terminated', true],
])('a claim whose sector is %s is settled: %s', async (state, isSettled) => {
  const place = { provider: 1000, number: 3 }
  const deal = ended({ state: 'cancelled', locked: '0', claim: '5', sector: place })
  // Knows no accounts: what is due is tried, and told as a failure.
  await using served = await serveChain(() => ({ sectors: [sectorView(state)] }))
  const told: SettleProgress[] = []
  const report = (progress: SettleProgress) => void told.push(progress)
  await settleEnded({ chain: createChainClient({ url: served.url }), signer: clientSigner, deals: [deal], report })
  expect(told.map(({ type, deals }) => ({ type, deals }))).toEqual(
    isSettled ? [{ type: 'settle:failed', deals: [1] }] : [],
  )
})
