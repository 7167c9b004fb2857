/** A daemon that is killed between sending and the block, and started again at once, with a real node: it says each thing once. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { profileNamed } from '@granary/proofs/profile'
import { createChainClient } from '@granary/protocol/client'
import { accountSigner, type Signer, sessionSigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { type Devnet, startDevnet } from '../../test/start-devnet.ts'
import { createAlerts } from '../alerts.ts'
import { newConfig, type ProviderConfig } from '../config.ts'
import { openStore } from '../storage/open-store.ts'
import { createSettings } from '../storage/settings.ts'
import { createOutbox } from './outbox.ts'
import { askLane, createOwnLane, ownerLane } from './own-lane.ts'
import { type RegisterContext, registerProvider } from './register-provider.ts'

const profile = profileNamed('2KiB-test')
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let owner: Signer
let session: ReturnType<typeof sessionSigner>
let db: DatabaseSync

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
  owner = accountSigner(new Uint8Array(randomBytes(32)))
  session = sessionSigner(new Uint8Array(randomBytes(32)), owner.address)
  await devnet.chain.faucet(owner.address)
  db = openStore(join(root.home, `${owner.address}.sqlite`))
})

/** As a process has it that was started just now, over the same store; it is killed after so many messages have left. */
function contextOf(change: Partial<ProviderConfig>, killedAfter: number): RegisterContext {
  const killed = new AbortController()
  let left = 0
  const chain = createChainClient({
    url: devnet.chain.url,
    fetch: (url, init) => {
      const asked = fetch(url, init)
      if (new URL(String(url)).pathname !== '/v1/txs' || ++left !== killedAfter) return asked
      // It has arrived, and nobody is there any more for the answer, also where its block comes before that.
      setTimeout(() => killed.abort(new DOMException('killed', 'AbortError')), 50)
      const nobody = new Promise<never>((_, reject) =>
        killed.signal.addEventListener('abort', () => reject(killed.signal.reason), { once: true }),
      )
      asked.catch(() => {})
      return nobody
    },
  })
  const { signal } = killed
  const outbox = createOutbox({ db, chain, log: () => {} })
  return {
    ...{ chain, signal, sectorBytes: profile.sectorBytes, endpoints: ['http://127.0.0.1:1'], peerId: '' },
    lane: createOwnLane(outbox, ownerLane),
    askLane: createOwnLane(outbox, askLane),
    keys: { address: owner.address, session, owner: async () => owner },
    registrationPath: join(root.home, `${owner.address}.json`),
    config: { ...newConfig({ chainUrl: chain.url, profile: profile.name, name: '' }), ...change },
    settings: createSettings(db),
    alerts: createAlerts(() => {}),
    log: () => {},
  }
}

const start = (change: Partial<ProviderConfig> = {}) => registerProvider(contextOf(change, Number.POSITIVE_INFINITY))

async function startAndKill(killedAfter: number, change: Partial<ProviderConfig> = {}): Promise<void> {
  await expect(registerProvider(contextOf(change, killedAfter))).rejects.toThrow('killed')
}

async function said(): Promise<{ providers: number; messages: number }> {
  let providers = 0
  for await (const view of devnet.chain.providers()) if (view.owner === owner.address) providers += 1
  const { sequences } = await devnet.chain.account(owner.address)
  return { providers, messages: (sequences[ownerLane] ?? 0) + (sequences[askLane] ?? 0) }
}

// Registration is sent first; collateral and ask follow side by side.
test.each([
  ['registration is', 1],
  ['deposit or its ask is', 2],
  ['deposit and its ask are', 3],
])('killed while its %s on its way, the next run says nothing twice', async (_, killedAfter) => {
  await startAndKill(killedAfter)
  const provider = await start()
  expect(await said()).toEqual({ providers: 1, messages: 3 })
  const { collateral, ask } = await devnet.chain.provider(provider)
  expect(BigInt(collateral.free)).toBe(
    BigInt(newConfig({ chainUrl: 'http://127.0.0.1:1', profile: profile.name, name: '' }).collateral),
  )
  expect(ask).not.toBeNull()
})

test('killed while a new name is on its way, the next run says nothing twice', async () => {
  const provider = await start()
  await startAndKill(1, { name: 'other' })
  await start({ name: 'other' })
  expect(await said()).toEqual({ providers: 1, messages: 4 })
  expect((await devnet.chain.provider(provider)).name).toBe('other')
})

test('killed while a deposit is on its way, the next run, which wants more, adds what is missing', async () => {
  const GRN = 10n ** 18n
  await startAndKill(3, { collateral: `${10n * GRN}` })
  const provider = await start({ collateral: `${25n * GRN}` })
  expect(BigInt((await devnet.chain.provider(provider)).collateral.free)).toBe(25n * GRN)
  expect(await said()).toEqual({ providers: 1, messages: 4 })
})

test('what was said by a run that was killed after the block is no answer to the same wish, later', async () => {
  const provider = await start({ name: 'one' })
  await startAndKill(1, { name: 'two' })
  // Its block comes while nobody runs.
  while ((await devnet.chain.provider(provider)).name !== 'two')
    await devnet.chain.status({ signal: AbortSignal.timeout(5_000) })
  await start({ name: 'one' })
  await start({ name: 'two' })
  expect((await devnet.chain.provider(provider)).name).toBe('two')
})
