/** A daemon that is killed between sending and the block, and started again at once, with a real node: it says each thing once. */
import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { createKey } from '@granary/chain/keystore'
import { profileNamed } from '@granary/proofs/profile'
import { createChainClient } from '@granary/protocol/client'
import { accountSigner, type Signer } from '@granary/protocol/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { type Devnet, startDevnet } from '../../test/start-devnet.ts'
import { createAlerts } from '../alerts.ts'
import { newConfig, type ProviderConfig } from '../config.ts'
import { registerAsOwner } from '../operator/register.ts'
import { openStore } from '../storage/open-store.ts'
import { createSettings } from '../storage/settings.ts'
import { createOutbox } from './outbox.ts'
import { askLane, createOwnLane, ownerLane } from './own-lane.ts'
import { OwnerKeyAwayError } from './owner-keys.ts'
import { applyConfig, type RegisterContext, registerProvider } from './register-provider.ts'
import { readRegistration } from './registration.ts'
import { openSessionKey, type SessionKey } from './session-key.ts'

const profile = profileNamed('2KiB-test')
const passphrase = 'for tests only'
const light = { light: true }
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let owner: Signer
let paths: { sessionKey: string; nextSessionKey: string }
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
  paths = {
    sessionKey: join(root.home, owner.address, 'session.json'),
    nextSessionKey: join(root.home, owner.address, 'session.next.json'),
  }
  await createKey(paths.sessionKey, passphrase, light)
  await devnet.chain.faucet(owner.address)
  db = openStore(join(root.home, `${owner.address}.sqlite`))
})

/** As a process has it that was started just now, over the same store; it is killed after so many messages have left. */
async function contextOf(change: Partial<ProviderConfig>, killedAfter: number): Promise<RegisterContext> {
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
    keys: { address: owner.address, session: await opened(), owner: async () => owner },
    registrationPath: join(root.home, `${owner.address}.json`),
    config: { ...newConfig({ chainUrl: chain.url, profile: profile.name, name: '' }), ...change },
    settings: createSettings(db),
    alerts: createAlerts(() => {}),
    log: () => {},
  }
}

const opened = (): Promise<SessionKey> => openSessionKey(paths, passphrase, owner.address)

const start = async (change: Partial<ProviderConfig> = {}) =>
  registerProvider(await contextOf(change, Number.POSITIVE_INFINITY))

async function startAndKill(killedAfter: number, change: Partial<ProviderConfig> = {}): Promise<void> {
  await expect(registerProvider(await contextOf(change, killedAfter))).rejects.toThrow('killed')
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

async function keyOn(provider: number): Promise<string | null> {
  return (await devnet.chain.provider(provider)).sessionKey
}

test('a key that waits is told to the chain by the next start, and is then the key of the home', async () => {
  const provider = await start()
  const before = await keyOn(provider)
  await createKey(paths.nextSessionKey, passphrase, light)
  expect((await stat(paths.nextSessionKey)).mode & 0o777).toBe(0o600)
  const { session } = (await contextOf({}, 0)).keys
  expect([session.signer.sessionKey, session.isWaiting()]).toEqual([before, true])
  await start()
  const { signer, isWaiting } = await opened()
  expect([signer.sessionKey, isWaiting()]).toEqual([await keyOn(provider), false])
  expect(signer.sessionKey).not.toBe(before)
})

test('killed while a new key is on its way, the next run signs with the key that the chain has', async () => {
  const provider = await start()
  const before = await keyOn(provider)
  await createKey(paths.nextSessionKey, passphrase, light)
  await startAndKill(1)
  expect((await opened()).isWaiting()).toBe(true)
  await start()
  const { signer, isWaiting } = await opened()
  expect([signer.sessionKey, isWaiting()]).toEqual([await keyOn(provider), false])
  expect(signer.sessionKey).not.toBe(before)
  expect(await said()).toEqual({ providers: 1, messages: 4 })
})

test("without the owner's key the old one signs until the chain has the new one, and a start writes down what to sign", async () => {
  const provider = await start()
  const context = await contextOf({}, Number.POSITIVE_INFINITY)
  const away = { ...context.keys, owner: () => Promise.reject(new OwnerKeyAwayError('keystore.json')) }
  await createKey(paths.nextSessionKey, passphrase, light)
  await applyConfig({ ...context, keys: away }, provider)
  expect(context.alerts.list()).toMatchObject([
    { code: 'PROVIDER_NOT_UPDATED', message: expect.stringMatching(/sessionKey 0x/) },
  ])
  const wanted = await readRegistration(context.registrationPath)
  expect(wanted.sessionKey).toEqual(await away.session.wanted())
  expect(away.session.signer.sessionKey).toBe(await keyOn(provider))
  const signing = { chain: devnet.chain, signer: owner, wanted }
  expect(await registerAsOwner(signing)).toMatchObject({ done: 'updated' })
  await applyConfig({ ...context, keys: away }, provider)
  expect(context.alerts.list()).toEqual([])
  expect(away.session.signer.sessionKey).toBe(await keyOn(provider))
  expect(away.session.isWaiting()).toBe(false)
})
