import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import {
  type Address,
  accountSigner,
  decodeTransaction,
  encodeTransaction,
  feeOf,
  isBeaconEntry,
  type Transaction,
  transactionDigest,
  typedTransaction,
} from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { smallBlocks } from '../../test/small-blocks.ts'
import {
  accountView,
  beaconKeyFrom,
  beaconPublicKey,
  createStateMachine,
  devnetGenesis,
  roundsToDeliver,
  type StateMachine,
  sendersOf,
} from '../state/index.ts'
import { dealKeys } from '../store/deal-keys.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { createLocalClock } from './clock/create-local-clock.ts'
import { commitGenesis } from './commit/commit-genesis.ts'
import { createHeaderSigner } from './commit/create-header-signer.ts'
import { createEmbeddedEngine } from './create-embedded-engine.ts'
import type { Engine, EngineEvent } from './engine.ts'
import { createLocalBeacon } from './local-beacon.ts'
import { createStatePool } from './pool/create-state-pool.ts'

const GRN = 10n ** 18n
const rich = accountSigner(new Uint8Array(randomBytes(32)))
const to: Address = `0x${'22'.repeat(20)}`

let folder: string
let store: Store
let engine: Engine
let genesis: Genesis
let events: EngineEvent[]
let hashed: Uint8Array[]
/** What hashing the next ones waits for. */
let hashing: Promise<void>[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-engine-'))
  store = openStore({ path: join(folder, 'chain.sqlite'), dealKeys })
  events = []
  hashed = []
  hashing = []
})

afterEach(async () => {
  await engine.stop()
  store.close()
  rmSync(folder, { recursive: true })
})

/** A real engine on a real store; `change` may make its state machine fail or dawdle. */
function start(
  change: (machine: StateMachine) => Partial<StateMachine> = () => ({}),
  machineMs: () => number = Date.now,
  params: Partial<ChainParams> = {},
): void {
  const validatorKey = ed25519.utils.randomSecretKey()
  const beaconKey = beaconKeyFrom(randomBytes(48))
  const devnet = devnetGenesis({
    validator: toHex(ed25519.getPublicKey(validatorKey)),
    beaconPublicKey: beaconPublicKey(beaconKey),
    faucet: rich.address,
    timeMs: Date.now(),
    blockTimeMs: 20,
  })
  genesis = { ...devnet, params: { ...devnet.params, ...params } }
  const machine = createStateMachine({ reader: store.reader })
  commitGenesis({ store, machine, genesis, sign: createHeaderSigner(genesis, validatorKey) })
  engine = createEmbeddedEngine({
    genesis,
    machine: { ...machine, ...change(machine) },
    store,
    pool: createStatePool({ machine, reader: store.reader }),
    senders: sendersOf(store.reader),
    beacon: createLocalBeacon(beaconKey),
    verification: {
      async digestOf(hash, bytes, tx) {
        hashed.push(bytes)
        await hashing.shift()
        return transactionDigest(hash, tx)
      },
      prepareSigners: async () => undefined,
      withProofs: async (check) => check(),
    },
    validatorKey,
    roundsToDeliver: (next) => roundsToDeliver(store.reader, next, 4),
    log: (event) => events.push(event),
    clock: createLocalClock({ monotonicMs: () => performance.now(), machineMs }, genesis.timeMs),
    latestBlockTimeMs: () => Number.POSITIVE_INFINITY,
  })
  engine.start()
}

async function transfer(over: Partial<Transaction<'Transfer'>> = {}): Promise<Uint8Array> {
  const tx: Transaction<'Transfer'> = {
    kind: 'Transfer',
    sender: rich.address,
    lane: 0,
    sequence: 0,
    validUntil: 100_000,
    maxFee: GRN,
    body: { to, amount: 1n },
    ...over,
  }
  return sign(tx)
}

async function sign(tx: Transaction): Promise<Uint8Array> {
  return encodeTransaction(tx, await rich.sign(typedTransaction(genesisHash(genesis), tx)))
}

async function untilHeight(height: number): Promise<void> {
  if ((store.head()?.height ?? 0) >= height) return
  await new Promise<void>((resolve) => {
    const stop = engine.onBlock((at) => {
      if (at < height) return
      stop()
      resolve()
    })
  })
}

test('the messages of a lane are taken as they came, whichever is hashed first', async () => {
  start()
  const slow = Promise.withResolvers<void>()
  hashing = [slow.promise]
  const first = engine.submit(await transfer())
  const second = engine.submit(await transfer({ sequence: 1 }))
  setImmediate(slow.resolve)
  const ids = await Promise.all([first, second])
  expect(new Set(ids).size).toBe(2)
})

test('garbage that its envelope refuses is never hashed; what is in a block already is known all the same', async () => {
  start()
  const stranger = accountSigner(new Uint8Array(randomBytes(32))).address
  const body = { provider: 1000, number: 1, bundle: new Uint8Array(3_000_000) }
  const envelope = { lane: 0, sequence: 0, validUntil: 100_000, maxFee: GRN }
  const garbage = encodeTransaction(
    { kind: 'ProveCommitSector', sender: stranger, ...envelope, body },
    new Uint8Array(65),
  )
  await expect(engine.submit(garbage)).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  const expired = await transfer({ validUntil: 0 })
  await expect(engine.submit(expired)).rejects.toMatchObject({ code: 'TX_EXPIRED' })
  expect(hashed).toEqual([])
  const last = await transfer({ validUntil: store.head()!.height + 3 })
  const id = await engine.submit(last)
  await engine.waitFor(id)
  await untilHeight(store.head()!.height + 4)
  expect(await engine.submit(Uint8Array.from(last))).toBe(id)
  await expect(engine.submit(expired)).rejects.toMatchObject({ code: 'TX_EXPIRED' })
})

test('an exception in a block halts the engine, loudly, with nothing of that block kept', async () => {
  start((machine) => ({
    finalizeBlock(block, observer) {
      if (!block.txs.every(isBeaconEntry)) throw new RangeError('a fault')
      return machine.finalizeBlock(block, observer)
    },
  }))
  await untilHeight(2)
  const id = await engine.submit(await transfer())
  await expect(engine.waitFor(id)).rejects.toMatchObject({
    code: 'CHAIN_HALTED',
    message: expect.stringMatching(/a fault/),
  })
  const { height } = store.head()!
  expect(await engine.halted).toBe(engine.failure)
  expect(engine.failure).toMatchObject({ details: { height: height + 1 } })
  expect(events.at(-1)).toMatchObject({
    type: 'halted',
    height: height + 1,
    stack: expect.stringMatching(/RangeError/),
  })
  expect(store.tx(id)).toBeUndefined()
  expect(accountView(store.reader, to).balance).toBe('0')
  const next = await transfer({ sequence: 1 })
  await expect(engine.submit(next)).rejects.toEqual(expect.objectContaining({ code: 'CHAIN_HALTED' }))
})

test('blocks that take longer than the block time still come, one by one, with rising time', async () => {
  start((machine) => ({
    finalizeBlock(block, observer) {
      const until = performance.now() + 40
      while (performance.now() < until);
      return machine.finalizeBlock(block, observer)
    },
  }))
  let turns = 0
  const timer = setInterval(() => (turns += 1), 1)
  await untilHeight(6)
  clearInterval(timer)
  const times = [1, 2, 3, 4, 5, 6].map((height) => store.block(height)!.timeMs)
  for (const [index, time] of times.slice(1).entries()) expect(time).toBeGreaterThan(times[index]!)
  expect(turns).toBeGreaterThanOrEqual(5)
})

test('a machine whose clock is set back does not stop a devnet: its blocks go on at the pace of time', async () => {
  let behindMs = 0
  const startedAt = performance.now()
  start(undefined, () => Date.now() - behindMs)
  await untilHeight(1)
  behindMs = 3_600_000
  const from = store.head()!
  await untilHeight(from.height + 5)
  const passed = store.block(from.height + 5)!.timeMs - from.timeMs
  expect(passed).toBeGreaterThan(4 * 15)
  expect(passed).toBeLessThanOrEqual(performance.now() - startedAt + 1)
})

test('a transaction that can no longer be in a block is dropped, and who waits for it is told why', async () => {
  // The state machine says of what pays 2 attoGRN that it cannot be in a block, when one is prepared.
  const isMarked = (bytes: Uint8Array): boolean =>
    !isBeaconEntry(bytes) && (decodeTransaction(bytes).tx.body as { amount?: bigint }).amount === 2n
  const reason = { code: 'KEY_EXPIRED', message: 'over', hint: 'sign it anew', retryable: false } as const
  start((machine) => ({
    prepareBlock(proposal) {
      const marked: Uint8Array[] = []
      const sound: Uint8Array[] = []
      for (const bytes of proposal.candidates) {
        ;(isMarked(bytes) ? marked : sound).push(bytes)
        proposal.onOutcome?.(isMarked(bytes) ? { type: 'refused', reason } : { type: 'taken' })
      }
      return machine.prepareBlock({ ...proposal, candidates: sound, onOutcome: () => undefined })
    },
  }))
  await untilHeight(1)
  const sent = [
    await transfer(),
    await transfer({ lane: 1, sequence: 0, body: { to, amount: 2n } }),
    await transfer({ lane: 1, sequence: 1 }),
  ]
  const ids = await Promise.all(sent.map((bytes) => engine.submit(bytes)))
  const outcomes = await Promise.allSettled(ids.map((id) => engine.waitFor(id)))
  expect(outcomes).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'KEY_EXPIRED' } },
    { status: 'rejected', reason: { code: 'SEQUENCE_GAP' } },
  ])
  expect(accountView(store.reader, rich.address)).toMatchObject({ sequences: { 0: 1 } })
  expect(events.filter((event) => event.type === 'tx:dropped')).toHaveLength(2)
})

test('what an account has waiting is covered: a transfer of all of it leaves nothing to promise', async () => {
  start()
  await untilHeight(1)
  const all = BigInt(accountView(store.reader, rich.address).balance)
  // The receiver is new: its record costs too.
  const amount = all - GRN - genesis.params.accountFee
  const everything = await engine.submit(await transfer({ maxFee: GRN, body: { to, amount } }))
  for (const next of [await transfer({ lane: 1 }), await transfer({ lane: 0, sequence: 1 })]) {
    await expect(engine.submit(next)).rejects.toEqual(expect.objectContaining({ code: 'INSUFFICIENT_FUNDS' }))
  }
  await engine.waitFor(everything)
  expect(accountView(store.reader, to).balance).toBe(String(amount))
})

test('a transaction whose maxFee falls behind the fees waits in the mempool for cheaper blocks', async () => {
  const PER_BLOCK = 7
  start(undefined, undefined, smallBlocks(2 * PER_BLOCK * 500))
  await untilHeight(1)
  const others = await Promise.all(Array.from({ length: 4 * PER_BLOCK }, (_, lane) => transfer({ lane })))
  const floor = feeOf('Transfer', (await transfer({ lane: 31 })).length, genesis.params)
  const cheap = await transfer({ lane: 31, maxFee: floor })
  const ids = await Promise.all([...others, cheap].map((bytes) => engine.submit(bytes)))
  await Promise.all(ids.map((id) => engine.waitFor(id)))
  const heights = ids.map((id) => store.tx(id)!.height)
  expect(heights.at(-1)!).toBeGreaterThan(heights.at(-2)! + 2)
  expect(store.tx(ids.at(-1)!)!.fee).toBeLessThanOrEqual(floor)
  expect(store.tx(ids.at(-2)!)!.fee).toBeGreaterThan(floor)
})

test('a message that fails in its block costs its fee, takes its sequence and changes nothing else', async () => {
  start()
  await untilHeight(1)
  const all = BigInt(accountView(store.reader, rich.address).balance)
  const revoke = { publicKey: new Uint8Array(32).fill(5) }
  // Behind another of its lane it is not tried before its block.
  const both = [
    await transfer({ body: { to, amount: 7n } }),
    await sign({
      kind: 'RevokeKey',
      sender: rich.address,
      lane: 0,
      sequence: 1,
      validUntil: 100_000,
      maxFee: GRN,
      body: revoke,
    }),
  ]
  const ids = await Promise.all(both.map((bytes) => engine.submit(bytes)))
  await Promise.all(ids.map((id) => engine.waitFor(id)))
  const [first, second] = ids.map((id) => store.tx(id)!)
  expect(first).toMatchObject({ code: 'OK' })
  expect(second).toMatchObject({ code: 'KEY_NOT_FOUND', hint: expect.stringMatching(/./) })
  expect(accountView(store.reader, to).balance).toBe('7')
  const left = accountView(store.reader, rich.address)
  expect(left.sequences).toEqual({ 0: 2 })
  expect(left.balance).toBe(String(all - 7n - genesis.params.accountFee - first!.fee - second!.fee))
})

test('a stop finishes the block in hand and refuses what comes later', async () => {
  start()
  await untilHeight(1)
  await engine.stop()
  const { height } = store.head()!
  const bytes = await transfer()
  await expect(engine.submit(bytes)).rejects.toEqual(
    expect.objectContaining({ code: 'NODE_STOPPING', retryable: true }),
  )
  // As long as several blocks would take.
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(store.head()?.height).toBe(height)
})
