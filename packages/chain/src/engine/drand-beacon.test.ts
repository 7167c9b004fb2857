import { rm } from 'node:fs/promises'
import { createChainClient, sendMessage } from '@granary/protocol/client'
import type { BeaconEntry } from '@granary/protocol/messages'
import { afterEach, expect, test } from '@jest/globals'
import { bytesToHex } from '@noble/hashes/utils.js'
import { newSigner, temporaryFolder } from '../../test/devnet.ts'
import { type DrandRelay, type RelayAnswer, startDrandRelay } from '../../test/drand-relay.ts'
import { initChain, runChain } from '../main.ts'
import { beaconKeyFrom, beaconPublicKey, signBeaconRound } from '../state/index.ts'
import { type BeaconEvent, createDrandBeacon, type DrandBeacon } from './drand-beacon.ts'
import { quicknet } from './quicknet.ts'

const KEY = beaconKeyFrom(new Uint8Array(48).fill(9))
const local = { publicKey: beaconPublicKey(KEY), genesisTimeMs: 0, periodMs: 3_000 }

// As quicknet published them.
const published = new Map([
  [1000, 'b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39'],
  [1001, 'b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41'],
])

const relays: DrandRelay[] = []
const beacons: DrandBeacon[] = []
let events: BeaconEvent[] = []

afterEach(async () => {
  for (const beacon of beacons.splice(0)) beacon.stop()
  await Promise.all(relays.splice(0).map((relay) => relay.close()))
  events = []
})

async function relay(
  answer: (round: number) => RelayAnswer | undefined,
  latest?: () => number | undefined,
): Promise<DrandRelay> {
  const started = await startDrandRelay(answer, latest)
  relays.push(started)
  return started
}

function beaconOf(urls: readonly string[], beacon = local): DrandBeacon {
  const clock = { nowMs: () => undefined, heard: () => undefined }
  const created = createDrandBeacon({ urls, beacon, clock, retryMs: 10, log: (event) => events.push(event) })
  beacons.push(created)
  return created
}

const signed = (round: number, signedRound = round): RelayAnswer => ({
  body: JSON.stringify({ round, randomness: '', signature: bytesToHex(signBeaconRound(KEY, signedRound)) }),
})

async function entryOf(beacon: DrandBeacon, round: number): Promise<BeaconEntry> {
  for (;;) {
    const entry = beacon.entry(round)
    if (entry !== undefined) return entry
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test('rounds that quicknet published are taken, and one with the signature of another is not', async () => {
  const honest = await relay((round) => ({ body: JSON.stringify({ round, signature: published.get(round) }) }))
  const beacon = beaconOf([honest.url], quicknet)
  for (const [round, signature] of published)
    expect(bytesToHex((await entryOf(beacon, round)).signature)).toBe(signature)
  expect(events).toEqual([])

  const swapped = await relay((round) => ({ body: JSON.stringify({ round, signature: published.get(2001 - round) }) }))
  const misled = beaconOf([swapped.url, honest.url], quicknet)
  expect(bytesToHex((await entryOf(misled, 1000)).signature)).toBe(published.get(1000))
  expect(events).toEqual([
    { type: 'beacon:wrong', round: 1000, url: swapped.url, message: expect.stringMatching(/signature/) },
  ])
})

test('a round that is late is asked for until it is there', async () => {
  let asked = 0
  const late = await relay((round) => {
    asked += 1
    return asked < 4 ? { status: 404, body: '{}' } : signed(round)
  })
  const beacon = beaconOf([late.url])
  expect(beacon.entry(7)).toBeUndefined()
  expect(await entryOf(beacon, 7)).toEqual({ round: 7, signature: signBeaconRound(KEY, 7) })
  expect(late.asked).toEqual([7, 7, 7, 7])
  expect(events.map(({ type }) => type)).toEqual(['beacon:missing', 'beacon:missing', 'beacon:missing'])
})

test.each([
  ['another round', () => signed(8)],
  ["another round's signature", () => signed(7, 8)],
  ['no signature', () => ({ body: '{"round":7}' })],
  ['a signature that is no point', () => ({ body: JSON.stringify({ round: 7, signature: 'ff'.repeat(48) }) })],
  ['zeros', () => ({ body: JSON.stringify({ round: 7, signature: '00'.repeat(48) }) })],
  ['the point at infinity', () => ({ body: JSON.stringify({ round: 7, signature: `c0${'00'.repeat(47)}` }) })],
  ['what is not JSON', () => ({ body: '<html>' })],
  ['far too much', () => ({ body: 'x'.repeat(100_000) })],
] as const)('a relay that answers with %s is passed over, loudly', async (_, answer) => {
  const wrong = await relay(answer)
  const right = await relay((round) => signed(round))
  const beacon = beaconOf([wrong.url, right.url])
  expect(await entryOf(beacon, 7)).toEqual({ round: 7, signature: signBeaconRound(KEY, 7) })
  expect(events).toMatchObject([{ type: 'beacon:wrong', round: 7, url: wrong.url }])
})

test('a relay that streams without end is left after 4,096 bytes', async () => {
  let sent = 0
  const body = new ReadableStream({
    pull(controller) {
      sent += 1_024
      controller.enqueue(new Uint8Array(1_024).fill(0x20))
    },
  })
  const { promise: isLeft, resolve: left } = Promise.withResolvers<BeaconEvent>()
  const clock = { nowMs: () => undefined, heard: () => undefined }
  const get: typeof fetch = async () => new Response(body)
  const beacon = createDrandBeacon({ urls: ['http://relay'], beacon: local, clock, fetch: get, log: left })
  beacons.push(beacon)
  beacon.want(7)
  expect(await isLeft).toMatchObject({ type: 'beacon:wrong', message: 'answered more than 4096 bytes' })
  expect(sent).toBeLessThanOrEqual(8_192)
})

test('a round that is asked for twice is fetched once, and one that nobody has keeps no other waiting', async () => {
  const some = await relay((round) => (round === 7 ? { status: 500, body: '' } : signed(round)))
  const beacon = beaconOf([some.url])
  beacon.want(7)
  for (let times = 0; times < 5; times += 1) beacon.want(9)
  await entryOf(beacon, 9)
  beacon.want(9)
  await entryOf(beacon, 10)
  expect(beacon.entry(7)).toBeUndefined()
  expect(some.asked.filter((round) => round !== 7)).toEqual([9, 10])
  beacon.stop()
  const count = some.asked.length
  // As long as several questions would take.
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(some.asked.length).toBeLessThanOrEqual(count + 1)
})

const BLOCK_TIME_MS = 50
// Rounds of a network that is faster than drand, so that a test sees several.
const PERIOD_MS = 400

async function withChain(
  answer: (round: number) => RelayAnswer | undefined,
  work: (chain: ReturnType<typeof createChainClient>, from: DrandRelay) => Promise<void>,
): Promise<void> {
  const home = await temporaryFolder()
  const timeMs = Date.now()
  const from = await relay(answer)
  const beacon = { publicKey: local.publicKey, genesisTimeMs: timeMs, periodMs: PERIOD_MS }
  await initChain({ home, devnet: true, blockTimeMs: BLOCK_TIME_MS, timeMs, beacon })
  const node = await runChain({ home, port: 0, beaconUrls: [from.url] })
  try {
    await work(createChainClient({ url: node.url }), from)
  } finally {
    await node.stop()
    await rm(home, { recursive: true })
  }
}

async function untilDrawn(chain: ReturnType<typeof createChainClient>, epoch: number): Promise<string> {
  for (;;) {
    try {
      return (await chain.randomness({ tag: 'TICKET', epoch, provider: 1000, sector: 0 })).randomness
    } catch (error) {
      expect(error).toMatchObject({ code: 'RANDOMNESS_NOT_READY' })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

test('a chain takes its randomness from a drand network, a round that came late included', async () => {
  const asked = new Set<number>()
  let released = false
  // The second round that the chain needs is the late one, whichever that is on a busy machine.
  const late = () => [...asked][1]
  const answer = (round: number) => {
    asked.add(round)
    return round === late() && !released ? { status: 404, body: '' } : signed(round)
  }
  await withChain(answer, async (chain) => {
    expect(await untilDrawn(chain, 1)).toMatch(/^0x/)
    // What comes after it does not wait for it.
    const after = await epochOfRound(chain, (round) => late() !== undefined && round > late()!)
    expect(await untilDrawn(chain, after)).toMatch(/^0x/)
    const epoch = await epochOfRound(chain, (round) => round === late())
    const query = { tag: 'TICKET', epoch, provider: 1000, sector: 0 } as const
    await expect(chain.randomness(query)).rejects.toMatchObject({ code: 'RANDOMNESS_NOT_READY' })
    released = true
    expect(await untilDrawn(chain, epoch)).toMatch(/^0x/)
  })
})

test('a chain for production runs on relays of its beacon, and has no faucet', async () => {
  const home = await temporaryFolder()
  const signer = newSigner()
  const timeMs = Date.now()
  const from = await relay(
    (round) => signed(round),
    () => Math.floor((Date.now() - timeMs) / local.periodMs) + 1,
  )
  await initChain({
    home,
    devnet: false,
    chainId: 'barn-1',
    accounts: [{ address: signer.address, balance: 10n ** 18n }],
    blockTimeMs: 1_000,
    timeMs,
    beacon: { ...local, genesisTimeMs: timeMs },
  })
  const node = await runChain({ home, port: 0, beaconUrls: [from.url] })
  try {
    const chain = createChainClient({ url: node.url })
    expect(await chain.status()).toMatchObject({ chainId: 'barn-1', devnet: false })
    await expect(chain.faucet(signer.address)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await sendMessage({ chain, signer, kind: 'Transfer', body: { to: signer.address, amount: 1n } })
    expect(await untilDrawn(chain, 1)).toMatch(/^0x/)
  } finally {
    await node.stop()
    await rm(home, { recursive: true })
  }
})

/** The first epoch whose round, by the time of the block before it, is such a one. */
async function epochOfRound(
  chain: ReturnType<typeof createChainClient>,
  isWanted: (round: number) => boolean,
): Promise<number> {
  const { beacon } = await chain.genesis()
  for (let height = 0; ; height += 1) {
    while ((await chain.status()).height < height) await new Promise((resolve) => setTimeout(resolve, 20))
    const { timeMs } = (await chain.block(height)).header
    if (isWanted(Math.floor((timeMs - beacon.genesisTimeMs) / PERIOD_MS) + 2)) return height + 1
  }
}

test('a beacon that is neither a local key nor a network with a known address is refused by name', async () => {
  const home = await temporaryFolder()
  await initChain({ home, devnet: true, beacon: local })
  await expect(runChain({ home, port: 0 })).rejects.toMatchObject({
    code: 'KEY_INVALID',
    details: { path: expect.stringMatching(/beacon.key$/) },
  })
  await rm(home, { recursive: true })
})
