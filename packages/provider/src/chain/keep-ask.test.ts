import { join } from 'node:path'
import { profileNamed } from '@granary/proofs/profile'
import { type ChainClient, sendMessage } from '@granary/protocol/client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { type Devnet, registerProvider, startDevnet, type TestProvider } from '../../test/start-devnet.ts'
import { createAlerts } from '../alerts.ts'
import { type AskConfig, newConfig } from '../config.ts'
import { openStore } from '../storage/open-store.ts'
import { type AskContext, keepAsk, renewAsk } from './keep-ask.ts'
import { createOutbox } from './outbox.ts'
import { askLane, createOwnLane, type OwnLane } from './own-lane.ts'

const profile = profileNamed('2KiB-test')
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let chain: ChainClient
let provider: TestProvider
let lane: OwnLane

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  chain = devnet.chain
  provider = await registerProvider(chain, profile)
  const db = openStore(join(root.home, 'provider.sqlite'))
  lane = createOwnLane(createOutbox({ db, chain, log: () => {} }), askLane)
})
afterAll(async () => {
  await devnet.stop()
  await root.remove()
})

/** Signed as the daemon does: by the session key. */
function contextOf(ask: Partial<AskConfig>): AskContext & { readonly said: object[] } {
  const said: object[] = []
  const log = (event: object): void => void said.push(event)
  const config = newConfig({ chainUrl: chain.url, profile: profile.name, name: '' })
  return {
    ...{ chain, lane, signer: provider.session, providerId: provider.id, sectorBytes: profile.sectorBytes, log, said },
    config: { ...config, ask: { ...config.ask, ...ask } },
    alerts: createAlerts(log),
  }
}

const askOnChain = async () => (await chain.provider(provider.id)).ask!

test('each field of the ask in config.json is on the chain after a start, and a start without a change sends nothing', async () => {
  const changed = contextOf({
    pricePerGiBEpoch: '77',
    pieceSizeMin: 256,
    pieceSizeMax: 1024,
    collateralShareMaxBps: 9_000,
    durationMinMs: 2_000,
    durationMaxMs: 500_000,
    validMs: 60_000,
  })
  await keepAsk(changed)
  const { height } = await chain.status()
  const ask = await askOnChain()
  expect(ask).toMatchObject({ pricePerGiBEpoch: '77', pieceSizeMin: 256, pieceSizeMax: 1024, durationMin: 20 })
  expect(ask).toMatchObject({ durationMax: 5_000, collateralShareMaxBps: 9_000, profiles: ['2KiB-test'] })
  // A validity that is shorter now holds at once.
  expect(ask.validUntil - height).toBeLessThanOrEqual(600)
  expect(JSON.stringify(changed.said)).toContain('ask.pricePerGiBEpoch 1 → 77')
  await keepAsk(changed)
  expect(changed.said).toHaveLength(1)
  expect(await askOnChain()).toEqual(ask)
})

test('a change that the chain refuses leaves the ask and is an alert that names the field, over when it is corrected', async () => {
  await keepAsk(contextOf({}))
  const before = await askOnChain()
  const refused = contextOf({ collateralShareMaxBps: 1 })
  await keepAsk(refused)
  expect(await askOnChain()).toEqual(before)
  expect(refused.alerts.list()).toMatchObject([
    { code: 'ASK_NOT_SET', message: expect.stringMatching(/ask\.collateralShareMaxBps 10000 → 1.*ASK_INVALID/) },
  ])
  await keepAsk({ ...contextOf({}), alerts: refused.alerts })
  expect(refused.alerts.list()).toEqual([])
})

test('who takes no deals has its ask ended, once, and asks again when it does', async () => {
  await keepAsk(contextOf({}))
  const leaving = contextOf({})
  const config = { ...leaving.config, acceptDeals: false }
  await keepAsk({ ...leaving, config })
  const { height } = await chain.status()
  expect((await askOnChain()).validUntil - height).toBeLessThanOrEqual(600)
  expect(leaving.said).toHaveLength(1)
  await keepAsk({ ...leaving, config })
  expect(leaving.said).toHaveLength(1)
  await keepAsk(contextOf({}))
  expect((await askOnChain()).validUntil - height).toBeGreaterThan(100_000)
})

test('an ask that is about to end is renewed while the provider runs', async () => {
  const context = contextOf({ validMs: 4_000 })
  await keepAsk(context)
  const { validUntil } = await askOnChain()
  const renewing = renewAsk({ ...context, config: () => context.config })
  try {
    for await (const { height } of chain.events({ types: ['block'] })) {
      expect((await askOnChain()).validUntil).toBeGreaterThan(height)
      if (height > validUntil) break
    }
  } finally {
    renewing.stop()
  }
  expect((await askOnChain()).validUntil).toBeGreaterThan(validUntil)
})

test('an ask that is to hold for a shorter time now is renewed before that is over', async () => {
  const long = contextOf({})
  const short = contextOf({ validMs: 4_000 })
  let config = long.config
  const renewing = renewAsk({ ...long, config: () => config })
  try {
    config = short.config
    await keepAsk(short)
    renewing.again()
    const { validUntil } = await askOnChain()
    for await (const { height } of chain.events({ types: ['block'] })) {
      expect((await askOnChain()).validUntil).toBeGreaterThan(height)
      if (height > validUntil) break
    }
  } finally {
    renewing.stop()
  }
})

test('without any ask yet a refusal is thrown: nobody could make a deal', async () => {
  const { owner } = provider
  const endpoints = ['http://127.0.0.1:1']
  const registration = {
    payout: owner.address,
    sessionKey: new Uint8Array(0),
    endpoints,
    peerId: '',
    region: '',
    name: 'second',
  }
  const { events } = await sendMessage({ chain, signer: owner, kind: 'RegisterProvider', body: registration })
  const providerId = Number(events.find((event) => event.type === 'provider:registered')?.provider)
  const context = { ...contextOf({ collateralShareMaxBps: 1 }), signer: owner, providerId }
  await expect(keepAsk(context)).rejects.toMatchObject({ code: 'ASK_INVALID' })
})
