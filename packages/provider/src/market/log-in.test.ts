import { DatabaseSync } from 'node:sqlite'
import { toHex } from '@granary/base'
import type { SessionKeyView } from '@granary/protocol/client'
import { accountSigner, type Hash, loginDigest, sessionSigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { createSettings } from '../storage/settings.ts'
import { logIn } from './log-in.ts'
import { createTokens } from './tokens.ts'

const genesisHash: Hash = `0x${'11'.repeat(32)}`
const client = accountSigner(new Uint8Array(32).fill(1))
const stranger = accountSigner(new Uint8Array(32).fill(2))
const HEAD = 100
const NOW_S = 1_700_000_000
const TIME = { height: HEAD, timeMs: NOW_S * 1_000, blockTimeMs: 60_000 }

function setUp() {
  let nowS = NOW_S
  const nowMs = (): number => nowS * 1000
  const settings = createSettings(new DatabaseSync(':memory:'))
  const tokens = createTokens(settings, nowMs)
  const keys = new Map<string, SessionKeyView>()
  const sessionKey = async (account: string, publicKey: string) => keys.get(`${account}/${publicKey}`)
  const context = { genesisHash, providerId: 1000, tokens, nowMs, sessionKey, time: async () => TIME }
  const restarted = (): ReturnType<typeof createTokens> => createTokens(settings, nowMs)
  const pass = (seconds: number): void => {
    nowS += seconds
  }
  return { context, keys, tokens, restarted, pass }
}

async function signed(signer = client, provider = 1000, issuedAt = NOW_S, genesis = genesisHash) {
  const digest = loginDigest(genesis, { client: client.address, provider, issuedAt })
  return { client: client.address, issuedAt, signature: await signer.sign({ digest }) }
}

test('the owner of the account gets a token that says who it is, also after a restart', async () => {
  const { context, tokens, restarted } = setUp()
  const { token, expiresAt } = await logIn(context, await signed())
  expect(expiresAt).toBe(NOW_S + 15 * 60)
  expect(tokens.clientOf(`Bearer ${token}`)).toBe(client.address)
  expect(restarted().clientOf(`Bearer ${token}`)).toBe(client.address)
})

test.each([
  ['another account', () => signed(stranger)],
  ['another provider', () => signed(client, 1001)],
  ['another chain', () => signed(client, 1000, NOW_S, `0x${'22'.repeat(32)}`)],
  ['a session key', () => signed(sessionSigner(new Uint8Array(32).fill(3), client.address))],
  ['a changed time', async () => ({ ...(await signed()), issuedAt: NOW_S + 1 })],
  ['no signature', async () => ({ ...(await signed()), signature: new Uint8Array(65) })],
])('a login signed for %s is refused', async (_, request) => {
  const { context } = setUp()
  const login = await request()
  await expect(logIn(context, login)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
})

const session = sessionSigner(new Uint8Array(32).fill(3), client.address)

test.each<[string, Partial<SessionKeyView>, boolean]>([
  ['that the account has authorised for it', {}, true],
  ['in its last epoch', { expires: HEAD }, true],
  ['after its last epoch', { expires: HEAD - 1 }, false],
  ['with other scopes', { scopes: ['PublishDeal', 'terms'] }, false],
  ['without a scope', { scopes: [] }, false],
])('a session key %s logs in: %#', async (_what, changes, isTaken) => {
  const { context, keys, tokens } = setUp()
  const publicKey = toHex(session.publicKey)
  const key = { publicKey, scopes: ['login'], expires: HEAD + 1, spendingLimit: '0', spent: '0', ...changes }
  keys.set(`${client.address}/${publicKey}`, key)
  const outcome = await logIn(context, await signed(session)).catch((error: unknown) => error)
  if (isTaken) expect(tokens.clientOf(`Bearer ${(outcome as { token: string }).token}`)).toBe(client.address)
  else expect(outcome).toMatchObject({ code: 'LOGIN_REFUSED' })
  if (key.expires < HEAD)
    expect(outcome).toMatchObject({ message: expect.stringContaining('until 2023-11-14 22:12 UTC (epoch 99)') })
})

test('a session key of one account is none of another', async () => {
  const { context, keys } = setUp()
  const publicKey = toHex(session.publicKey)
  const key = { publicKey, scopes: ['login'], expires: HEAD + 1, spendingLimit: '0', spent: '0' }
  keys.set(`${stranger.address}/${publicKey}`, key)
  await expect(logIn(context, await signed(session))).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
})

test.each([-301, 301])('a login whose clock is %d s away is told both times', async (apart) => {
  const { context } = setUp()
  const login = await signed(client, 1000, NOW_S + apart)
  const details = { issuedAt: NOW_S + apart, providerNow: NOW_S }
  await expect(logIn(context, login)).rejects.toMatchObject({ code: 'CLOCKS_APART', details })
})

test('a token runs out after 15 minutes', async () => {
  const { context, tokens, pass } = setUp()
  const { token } = await logIn(context, await signed())
  pass(15 * 60 - 1)
  expect(tokens.clientOf(`Bearer ${token}`)).toBe(client.address)
  pass(1)
  expect(() => tokens.clientOf(`Bearer ${token}`)).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }))
})

test('a token with any character changed is refused', async () => {
  const { context, tokens } = setUp()
  const { token } = await logIn(context, await signed())
  for (let index = 0; index < token.length - 1; index++) {
    const changed = token.slice(0, index) + (token[index] === '1' ? '2' : '1') + token.slice(index + 1)
    expect(() => tokens.clientOf(`Bearer ${changed}`)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }))
  }
})

test.each([
  [undefined, 'TOKEN_MISSING'],
  ['', 'TOKEN_INVALID'],
  ['Basic abc', 'TOKEN_INVALID'],
  ['Bearer ', 'TOKEN_INVALID'],
])('the header %j is refused', (header, code) => {
  const { tokens } = setUp()
  expect(() => tokens.clientOf(header)).toThrow(expect.objectContaining({ code }))
})
