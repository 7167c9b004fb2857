import { rm } from 'node:fs/promises'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { bytesToHex } from '@noble/hashes/utils.js'
import { newSigner, temporaryFolder } from '../../../test/devnet.ts'
import { type DrandRelay, startDrandRelay } from '../../../test/drand-relay.ts'
import { initChain, type RunningChain, runChain } from '../../main.ts'
import { beaconKeyFrom, beaconPublicKey, signBeaconRound } from '../../state/index.ts'
import type { Time } from './clock.ts'

const KEY = beaconKeyFrom(new Uint8Array(48).fill(9))
const BLOCK_MS = 250
/** Rounds of a network that is faster than drand, and slower than its relay is asked. */
const PERIOD_MS = 1_000
const DAY = 24 * 3_600_000

let home: string
let relay: DrandRelay
let isSilent = false
let aheadMs = 0
const time: Time = { monotonicMs: () => performance.now(), machineMs: () => Date.now() + aheadMs }
const genesisTimeMs = Date.now()

beforeAll(async () => {
  home = await temporaryFolder()
  const signed = (round: number) => ({
    body: JSON.stringify({ round, randomness: '', signature: bytesToHex(signBeaconRound(KEY, round)) }),
  })
  relay = await startDrandRelay(
    (round) => (isSilent ? undefined : signed(round)),
    () => Math.floor((Date.now() - genesisTimeMs) / PERIOD_MS) + 1,
  )
  await initChain({
    home,
    devnet: false,
    chainId: 'barn-1',
    accounts: [{ address: newSigner().address, balance: 10n ** 18n }],
    blockTimeMs: BLOCK_MS,
    timeMs: genesisTimeMs,
    beacon: { publicKey: beaconPublicKey(KEY), genesisTimeMs, periodMs: PERIOD_MS },
  })
})

afterEach(() => {
  aheadMs = 0
  isSilent = false
})

afterAll(async () => {
  await relay.close()
  await rm(home, { recursive: true })
})

async function withNode(
  work: (chain: ChainClient, node: RunningChain) => Promise<void>,
  given: { trustClock?: boolean } = {},
): Promise<void> {
  const node = await runChain({ home, port: 0, beaconUrls: [relay.url], time, ...given })
  try {
    await work(createChainClient({ url: node.url }), node)
  } finally {
    await node.stop()
  }
}

async function untilHeight(chain: ChainClient, height: number): Promise<void> {
  while ((await chain.status()).height < height) await new Promise((resolve) => setTimeout(resolve, 50))
}

test("setting a machine's clock while it runs: three days forward, an hour back, 30 s either way moves no block", async () => {
  await withNode(async (chain) => {
    await untilHeight(chain, 2)
    for (const shiftMs of [3 * DAY, -3_600_000, 30_000, -30_000, 0]) {
      aheadMs = shiftMs
      const { height, timeMs } = await chain.status()
      await untilHeight(chain, height + 3)
      const after = await chain.status()
      expect(after.timeMs - timeMs).toBeGreaterThanOrEqual(2 * BLOCK_MS * 0.5)
      // True time, which the machine still knows here, and what a busy one takes.
      expect(Math.abs(after.timeMs - Date.now())).toBeLessThan(10_000)
      expect(after.clock).toMatchObject({ trust: 'proven', stalled: null })
    }
    // Each epoch asks for the round of its own time: none is used again beyond it.
    const { height } = await chain.status()
    const times = await Promise.all(
      Array.from({ length: height }, async (_, at) => (await chain.block(at)).header.timeMs),
    )
    expect(times.slice(1).every((timeMs, index) => timeMs > times[index]!)).toBe(true)
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now() + 10_000)
  })
})

test('a start with a clock that is three days ahead makes no block, and says both times', async () => {
  aheadMs = 3 * DAY
  await withNode(async (chain, { url }) => {
    const { height } = await chain.status()
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
    const health = async () => (await (await fetch(`${url}/healthz`)).json()) as { error?: { message: string } }
    const saysWhy = async () => (await health()).error?.message.includes(day(Date.now() + 3 * DAY)) === true
    const deadline = Date.now() + 30_000
    while (!(await saysWhy()) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await health()).toMatchObject({
      error: {
        code: 'CLOCK_UNPROVEN',
        message: expect.stringMatching(new RegExp(`${day(Date.now() + 3 * DAY)}.*${day(Date.now())}`)),
        hint: expect.stringMatching(/set it.*--trust-clock/),
      },
    })
    const status = await chain.status()
    expect(status).toMatchObject({ height, clock: { trust: 'unproven', stalled: 'CLOCK_UNPROVEN' } })
    expect(Math.abs(status.clock.aheadMs! - 3 * DAY)).toBeLessThan(10_000)
  })
})

test('a start with a clock that is five minutes ahead waits for three rounds, and goes on in the right time', async () => {
  aheadMs = 5 * 60_000
  await withNode(async (chain) => {
    const { height } = await chain.status()
    await untilHeight(chain, height + 2)
    const status = await chain.status()
    expect(Math.abs(status.timeMs - Date.now())).toBeLessThan(10_000)
    expect(status.clock).toMatchObject({ trust: 'proven' })
  })
})

test('without relays a start makes no block and says why; --trust-clock takes the machine at its word', async () => {
  isSilent = true
  await withNode(async (chain, { url }) => {
    const { height } = await chain.status()
    const deadline = Date.now() + 10_000
    while ((await chain.status()).clock.stalled === null && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await chain.status()).toMatchObject({ height, clock: { trust: 'unproven', stalled: 'CLOCK_UNPROVEN' } })
    const health = await fetch(`${url}/healthz`)
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({
      error: { code: 'CLOCK_UNPROVEN', hint: expect.stringMatching(/--trust-clock/) },
    })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('granary_chain_stalled 1')
    expect(metrics).toContain('granary_chain_clock_proven 0')
    expect(metrics).toMatch(/granary_chain_beacon_silent_seconds [0-9.]+/)
  })
  await withNode(
    async (chain) => {
      const { height } = await chain.status()
      await untilHeight(chain, height + 2)
      expect((await chain.status()).clock).toMatchObject({ trust: 'trusted', newestRound: null, stalled: null })
    },
    { trustClock: true },
  )
})
