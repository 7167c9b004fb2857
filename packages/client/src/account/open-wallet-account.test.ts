/** An account in a wallet, over a real chain; what the wallet signs is made by MetaMask's library. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { accountSigner, addressOf, typedLogin, verifySigner } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../../provider/test/start-devnet.ts'
import { otherAccount, rpcError, type TestWallet, testWallet } from '../../test/test-wallet.ts'
import { createGranary, type Granary } from '../create-granary.ts'
import { hours } from '../duration.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import { clientScopes } from './authorize-key.ts'
import { openWalletAccount, type WalletGrant } from './open-wallet-account.ts'
import type { SessionKeys } from './session-key.ts'
import type { WalletProvider } from './wallet-signer.ts'

const GRN = 10n ** 18n
const HOUR_MS = 3_600_000

let home: string
let devnet: Devnet
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-wallet-'))
  devnet = await startDevnet(join(home, 'devnet'))
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(home, { recursive: true })
})

/** Keys of a page that lives as long as the test. */
function memoryKeys(): SessionKeys {
  const keys = new Map<string, CryptoKeyPair>()
  return {
    read: async (genesisHash, account) => keys.get(genesisHash + account),
    async keep(genesisHash, account, key) {
      const kept = keys.get(genesisHash + account) ?? key
      keys.set(genesisHash + account, kept)
      return kept
    },
  }
}

async function fundedWallet(): Promise<TestWallet> {
  const wallet = testWallet(new Uint8Array(randomBytes(32)))
  await devnet.chain.faucet(wallet.address)
  return wallet
}

/** Opens the account as a page does, again with what it has kept. */
function pageOf(wallet: TestWallet, keys = memoryKeys()) {
  const open = (grant: WalletGrant = { spendingLimit: 2n * GRN }) =>
    openWalletAccount({ chain: devnet.chain, wallet, keys, ...grant })
  return { keys, open }
}

function granaryOf(account: Awaited<ReturnType<typeof openWalletAccount>>): Granary<never> {
  return createGranary(memoryPorts({ chain: devnet.chain, account })) as Granary<never>
}

const countOf = (wallet: TestWallet, method: string) => wallet.asked.filter((asked) => asked === method).length
const signatures = (wallet: TestWallet) => countOf(wallet, 'eth_signTypedData_v4')

test('the wallet is asked once, for a key with scopes, a time and a limit', async () => {
  const wallet = await fundedWallet()
  const { open } = pageOf(wallet)
  const account = await open()
  expect(wallet.asked).toEqual(['eth_accounts', 'eth_requestAccounts', 'eth_signTypedData_v4'])
  expect(wallet.signed).toMatchObject([
    {
      primaryType: 'AuthorizeKey',
      message: { publicKey: account.sessionKey, scopes: clientScopes, spendingLimit: `${2n * GRN}` },
    },
  ])
  const [allowed, ...others] = await Array.fromAsync(devnet.chain.sessionKeys(wallet.address))
  const { height, blockTimeMs } = await devnet.chain.status()
  expect(others).toEqual([])
  expect(allowed).toMatchObject({ publicKey: account.sessionKey, scopes: clientScopes })
  expect(Math.abs((allowed!.expires - height) * blockTimeMs - 24 * HOUR_MS)).toBeLessThan(60_000)
})

test('the key signs by itself from then on, also for a page that is opened again, and nobody can read it', async () => {
  const wallet = await fundedWallet()
  const { keys, open } = pageOf(wallet)
  const first = await open()
  const again = await open()
  expect(again.sessionKey).toBe(first.sessionKey)
  const { genesisHash } = await devnet.chain.status()
  for (const account of [first, again]) {
    const message = typedLogin(genesisHash, { client: wallet.address, provider: 1000, issuedAt: 1 })
    const signed = verifySigner(message.digest, await account.sign(message))
    expect(signed?.type === 'session' && toHex(signed.publicKey)).toBe(first.sessionKey)
  }
  expect(signatures(wallet)).toBe(1)
  const kept = await keys.read(genesisHash, wallet.address)
  expect(kept?.privateKey.extractable).toBe(false)
  await expect(crypto.subtle.exportKey('pkcs8', kept!.privateKey)).rejects.toThrow()
})

test('two pages that open at once end with one key', async () => {
  const wallet = await fundedWallet()
  const { open } = pageOf(wallet)
  const [one, two] = await Promise.all([open(), open()])
  expect(one.sessionKey).toBe(two.sessionKey)
  expect(await Array.fromAsync(devnet.chain.sessionKeys(wallet.address))).toHaveLength(1)
})

test('what no key of a page may sign asks the wallet', async () => {
  const wallet = await fundedWallet()
  const account = await pageOf(wallet).open()
  const granary = granaryOf(account)
  const to = addressOf(new Uint8Array(randomBytes(32)))
  await granary.transfer({ to, amount: GRN })
  await granary.revokeKey(account.sessionKey)
  expect(wallet.signed.map(({ primaryType }) => primaryType)).toEqual(['AuthorizeKey', 'Transfer', 'RevokeKey'])
  expect((await devnet.chain.account(to)).balance).toBe(`${GRN}`)
  expect(await Array.fromAsync(devnet.chain.sessionKeys(wallet.address))).toEqual([])
})

test('it is asked again for another limit, for a key that soon ends or was taken back, and when the page wants it', async () => {
  const wallet = await fundedWallet()
  const { open } = pageOf(wallet)
  const account = await open({ spendingLimit: GRN, validFor: hours(1) })
  await open({ spendingLimit: GRN, validFor: hours(1) })
  expect(signatures(wallet)).toBe(1)
  await open({ spendingLimit: 3n * GRN, validFor: hours(1) })
  expect(signatures(wallet)).toBe(2)
  // An hour is left, and of three hours it is half of them that has to be.
  await open({ spendingLimit: 3n * GRN, validFor: hours(3) })
  expect(signatures(wallet)).toBe(3)
  await account.authorize()
  expect(signatures(wallet)).toBe(4)
  await granaryOf(account).revokeKey(account.sessionKey)
  await open()
  expect(signatures(wallet)).toBe(6)
})

test('a wallet that says no is told by name, and the same call works when it says yes', async () => {
  const wallet = await fundedWallet()
  const { open } = pageOf(wallet)
  wallet.answer = () => {
    throw rpcError(4001, 'User rejected the request.')
  }
  await expect(open()).rejects.toMatchObject({
    code: 'WALLET_REFUSED',
    hint: expect.stringContaining('nothing is paid'),
  })
  expect(await Array.fromAsync(devnet.chain.sessionKeys(wallet.address))).toEqual([])
  await open()
  expect(await Array.fromAsync(devnet.chain.sessionKeys(wallet.address))).toHaveLength(1)
})

test.each(['eth_accounts', 'eth_requestAccounts', 'eth_signTypedData_v4'])(
  'a wallet that never answers %s is not waited for any more when the caller has enough',
  async (silent) => {
    const wallet = await fundedWallet()
    const stop = new AbortController()
    const mute: WalletProvider = {
      request: async (call) => {
        if (call.method !== silent) return await wallet.request(call)
        stop.abort()
        return await new Promise(() => undefined)
      },
    }
    const input = { chain: devnet.chain, wallet: mute, keys: memoryKeys(), spendingLimit: 2n * GRN }
    await expect(openWalletAccount(input, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
  },
)

test('an account without money is told before its person is asked', async () => {
  const wallet = testWallet(new Uint8Array(randomBytes(32)))
  await expect(pageOf(wallet).open()).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
  expect(signatures(wallet)).toBe(0)
})

test('a wallet that is locked, or at another account, is told by name', async () => {
  const wallet = await fundedWallet()
  const account = await pageOf(wallet).open()
  wallet.accounts = []
  await expect(account.authorize()).rejects.toMatchObject({ code: 'WALLET_LOCKED' })
  const other = otherAccount()
  wallet.accounts = [other]
  await expect(account.authorize()).rejects.toMatchObject({
    code: 'WALLET_ACCOUNT_CHANGED',
    details: { address: wallet.address, selected: other },
  })
  wallet.accounts = []
  const request: TestWallet['request'] = async (call) =>
    call.method === 'eth_requestAccounts' ? [] : wallet.request(call)
  await expect(pageOf({ ...wallet, request }).open()).rejects.toMatchObject({ code: 'WALLET_LOCKED' })
})

test('a message of another chain than the one that the account was opened on is not signed', async () => {
  const wallet = await fundedWallet()
  const account = await pageOf(wallet).open()
  const message = typedLogin(`0x${'ab'.repeat(32)}`, { client: wallet.address, provider: 1000, issuedAt: 1 })
  await expect(account.sign(message)).rejects.toMatchObject({ code: 'WALLET_CHAIN_CHANGED' })
})

const strange = accountSigner(new Uint8Array(32).fill(9))
const bad: readonly (readonly [what: string, code: string, hint: string, answer: () => unknown])[] = [
  ['no network', 'WALLET_FAILED', 'network', () => Promise.reject(rpcError(4901, 'The chain is not connected'))],
  ['no such method', 'WALLET_FAILED', 'eth_signTypedData_v4', () => Promise.reject(rpcError(4200, 'Unsupported'))],
  ['a question that waits', 'WALLET_FAILED', 'waits in the wallet', () => Promise.reject(rpcError(-32002, 'Pending'))],
  ['an error that is a text', 'WALLET_FAILED', 'look into', () => Promise.reject('failed')],
  ['a signature of another key', 'WALLET_SIGNATURE_INVALID', 'key of its own', () => signatureOf(strange)],
  ["a contract's signature", 'WALLET_SIGNATURE_INVALID', 'contract', () => `0x${'00'.repeat(640)}`],
  ['nothing', 'WALLET_SIGNATURE_INVALID', 'key of its own', () => null],
]

function signatureOf(signer: typeof strange): string {
  return toHex(signer.sign({ digest: new Uint8Array(32).fill(1) }))
}

test.each(bad)('a wallet that answers %s: %s', async (_, code, hint, answer) => {
  const wallet = await fundedWallet()
  wallet.answer = answer
  const opening = pageOf(wallet).open()
  await expect(opening).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) })
})

test('a wallet that ends its signatures with 0 or 1 signs too', async () => {
  const wallet = await fundedWallet()
  const request: TestWallet['request'] = async (call) => {
    const answer = await wallet.request(call)
    if (call.method !== 'eth_signTypedData_v4') return answer
    return String(answer).replace(/1b$/, '00').replace(/1c$/, '01')
  }
  const { sessionKey } = await pageOf({ ...wallet, request }).open()
  expect(sessionKey).toMatch(/^0x[0-9a-f]{64}$/)
})
