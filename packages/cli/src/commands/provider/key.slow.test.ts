/** `provider key rotate` beside a provider that is a process, has sectors to prove, and is killed with the command at any moment. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openKey } from '@granary/chain/keystore'
import type { ProviderView } from '@granary/protocol/client'
import { accountSigner } from '@granary/protocol/messages'
import { initProvider } from '@granary/provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryHome } from '../../../../provider/test/market-kit.ts'
import {
  alertsOf,
  dealIn,
  type ProviderProcess,
  passphrase,
  startProvider,
  storeDeal,
  until,
} from '../../../../provider/test/provider-process.ts'
import { type Devnet, startDevnet } from '../../../../provider/test/start-devnet.ts'
import { bin, granary } from '../../../test/granary.ts'

const GRN = 10n ** 18n
let root: Awaited<ReturnType<typeof temporaryHome>>
let devnet: Devnet
let home: string
let waiting: string
let signing: string[]
let provider: ProviderProcess

beforeAll(async () => {
  root = await temporaryHome()
  devnet = await startDevnet(root.home)
  home = join(root.home, 'a')
  waiting = join(home, 'provider', 'session.next.json')
  const passphraseFile = join(root.home, 'passphrase')
  await writeFile(passphraseFile, passphrase, { mode: 0o600 })
  signing = ['--home', home, '--passphrase-file', passphraseFile, '--yes', '--json']
  await initProvider({ home, chainUrl: devnet.chain.url, profile: '2KiB-test', passphrase, light: true })
  provider = await start()
  const { agreementId } = await storeDeal(devnet.chain, provider.url)
  await dealIn(provider.url, agreementId, 'active')
}, 60_000)
afterAll(async () => {
  await provider.kill()
  await devnet.stop()
  await root.remove()
})

function start(): Promise<ProviderProcess> {
  return startProvider({ home, cacheHome: join(root.home, 'cache'), chainUrl: devnet.chain.url })
}

async function onChain(): Promise<ProviderView> {
  return await devnet.chain.provider(1_000)
}

interface Rotated {
  readonly before: string
  readonly next: string | null
  readonly done: string
  readonly bounds: { readonly spendingLimit: string; readonly expires: number } | null
}

async function rotate(...args: readonly string[]): Promise<Rotated> {
  const { stdout, stderr } = await granary(['provider', 'key', 'rotate', ...signing, ...args])
  const { data, error } = JSON.parse(stdout)
  if (data === null || data === undefined) throw new Error(`${error?.code}: ${stderr}`)
  return data
}

/** A challenge that was opened after this height is answered. */
async function provenAfter(height: number): Promise<void> {
  await until(`a proof after block ${height}`, async () => {
    const [partition] = await devnet.chain.partitions(1_000)
    return (partition?.lastProven ?? -1) > height ? partition : undefined
  })
}

function missed(): unknown[] {
  return provider.log.filter(({ type }) => type === 'post:missed')
}

test('a running provider takes each new key up, and answers, seals and agrees with it; the old one signs nothing', async () => {
  expect(await rotate('--dry-run')).toMatchObject({ done: 'planned', next: null })
  expect(existsSync(waiting)).toBe(false)
  for (let turn = 0; turn < 3; turn += 1) {
    const { sessionKey: before } = await onChain()
    const rotated = await rotate()
    const { sessionKey, owner } = await onChain()
    expect(rotated).toMatchObject({ before, next: sessionKey, done: 'taken-up', bounds: null })
    expect(sessionKey).not.toBe(before)
    await expect(devnet.chain.sessionKey(owner, before!)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
    expect(existsSync(waiting)).toBe(false)
  }
  const { height } = await devnet.chain.status()
  const { agreementId } = await storeDeal(devnet.chain, provider.url)
  await dealIn(provider.url, agreementId, 'active')
  await provenAfter(height)
  expect(missed()).toEqual([])
  expect(await alertsOf(provider.url)).toEqual([])
}, 60_000)

test('what the key may spend, and until when, is kept, or given anew', async () => {
  const register = ['provider', 'register', ...signing, '--session-limit', '50', '--session-time', '90d']
  expect((await granary(register)).code).toBe(0)
  const { bounds } = await rotate()
  expect(BigInt(bounds!.spendingLimit)).toBeLessThanOrEqual(50n * GRN)
  expect(BigInt(bounds!.spendingLimit)).toBeGreaterThan(49n * GRN)
  const { owner, sessionKey } = await onChain()
  expect(await devnet.chain.sessionKey(owner, sessionKey!)).toMatchObject(bounds!)
  const given = await rotate('--session-limit', '70', '--session-time', '30d')
  expect(given.bounds).toMatchObject({ spendingLimit: `${70n * GRN}` })
  expect(given.bounds!.expires).toBeLessThan(bounds!.expires)
})

test('killed before the key has its bounds, it has them by the same command', async () => {
  const { keyBoundsOf, makeNextKey, tellNextKey } = await import('@granary/provider/operator')
  const view = await onChain()
  const bounds = (await keyBoundsOf(devnet.chain, view, home))!
  const key = await makeNextKey({ home, passphrase, provider: view, light: true, bounds })
  const path = join(home, 'provider', 'keystore.json')
  const signer = accountSigner(await openKey(path, await readFile(path, 'utf8'), passphrase))
  // As far as a command comes that is killed between its two messages.
  const { publicKey } = key
  await tellNextKey({ home, chain: devnet.chain, signer, provider: view, publicKey, bounds: undefined })
  await until('it is taken up', async () => (existsSync(waiting) ? undefined : true))
  const rotated = await rotate()
  expect(rotated.bounds).toEqual({ spendingLimit: `${bounds.spendingLimit}`, expires: bounds.expires })
  const { owner, sessionKey } = await onChain()
  expect(await devnet.chain.sessionKey(owner, sessionKey!)).toMatchObject(rotated.bounds!)
  expect(existsSync(join(home, 'provider', 'session.bounds.json'))).toBe(false)
})

test("where the owner's key is away the new one waits until it has been signed there, and is taken up by itself", async () => {
  const stick = join(root.home, 'stick.json')
  await rename(join(home, 'provider', 'keystore.json'), stick)
  try {
    const rotated = await rotate()
    expect(rotated).toMatchObject({ done: 'waiting', before: (await onChain()).sessionKey })
    expect(await alertsOf(provider.url)).toMatchObject([{ code: 'PROVIDER_NOT_UPDATED' }])
    expect((await rotate()).next).toBe(rotated.next)
    expect((await granary(['provider', 'register', ...signing, '--owner-key', stick])).code).toBe(0)
    await until('it is taken up', async () => (existsSync(waiting) ? undefined : true))
    expect((await onChain()).sessionKey).toBe(rotated.next)
    await until('the alert has ended', async () => ((await alertsOf(provider.url)).length === 0 ? true : undefined))
  } finally {
    await rename(stick, join(home, 'provider', 'keystore.json'))
  }
})

test('the key of another home is not made into that of this provider', async () => {
  const other = join(root.home, 'b')
  await initProvider({ home: other, chainUrl: devnet.chain.url, profile: '2KiB-test', passphrase, light: true })
  const args = [...signing.slice(2), '--home', other, '--provider', '1000', '--chain', devnet.chain.url]
  const ownerKey = join(home, 'provider', 'keystore.json')
  const { stdout } = await granary(['provider', 'key', 'rotate', ...args, '--owner-key', ownerKey])
  expect(JSON.parse(stdout).error).toMatchObject({ code: 'SESSION_KEY_FOREIGN' })
  expect(existsSync(join(other, 'provider', 'session.next.json'))).toBe(false)
})

test('killed as soon as the key waits, with the provider or without it: the next start has the key that the chain has', async () => {
  for (const withProvider of [true, false, true]) {
    const { sessionKey: before } = await onChain()
    const child = spawn(process.execPath, [bin, 'provider', 'key', 'rotate', ...signing], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    await until('it waits', async () => (existsSync(waiting) || child.exitCode !== null ? true : undefined))
    child.kill('SIGKILL')
    if (withProvider) {
      await provider.kill()
      provider = await start()
    }
    await ended
    if (existsSync(waiting)) expect((await rotate()).done).toBe('taken-up')
    const { height } = await devnet.chain.status()
    expect((await onChain()).sessionKey).not.toBe(before)
    await provenAfter(height)
  }
  expect(missed()).toEqual([])
}, 60_000)
