import { DatabaseSync } from 'node:sqlite'
import { accountSigner, type Hash, loginDigest, sessionSigner } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { createSettings } from '../storage/settings.ts'
import { logIn } from './log-in.ts'
import { createTokens } from './tokens.ts'

const genesisHash: Hash = `0x${'11'.repeat(32)}`
const client = accountSigner(new Uint8Array(32).fill(1))
const stranger = accountSigner(new Uint8Array(32).fill(2))
const NOW_S = 1_700_000_000

function setUp() {
  let nowS = NOW_S
  const nowMs = (): number => nowS * 1000
  const settings = createSettings(new DatabaseSync(':memory:'))
  const tokens = createTokens(settings, nowMs)
  const context = { genesisHash, providerId: 1000, tokens, nowMs }
  const restarted = (): ReturnType<typeof createTokens> => createTokens(settings, nowMs)
  const pass = (seconds: number): void => {
    nowS += seconds
  }
  return { context, tokens, restarted, pass }
}

async function signed(signer = client, provider = 1000, issuedAt = NOW_S, genesis = genesisHash) {
  const digest = loginDigest(genesis, { client: client.address, provider, issuedAt })
  return { client: client.address, issuedAt, signature: await signer.sign(digest) }
}

test('the owner of the account gets a token that says who it is, also after a restart', async () => {
  const { context, tokens, restarted } = setUp()
  const { token, expiresAt } = logIn(context, await signed())
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
  expect(() => logIn(context, login)).toThrow(expect.objectContaining({ code: 'LOGIN_REFUSED' }))
})

test.each([-301, 301])('a login whose clock is %d s away is told both times', async (apart) => {
  const { context } = setUp()
  const login = await signed(client, 1000, NOW_S + apart)
  const details = { issuedAt: NOW_S + apart, providerNow: NOW_S }
  expect(() => logIn(context, login)).toThrow(
    expect.objectContaining({ code: 'CLOCKS_APART', details: expect.objectContaining(details) }),
  )
})

test('a token runs out after 15 minutes', async () => {
  const { context, tokens, pass } = setUp()
  const { token } = logIn(context, await signed())
  pass(15 * 60 - 1)
  expect(tokens.clientOf(`Bearer ${token}`)).toBe(client.address)
  pass(1)
  expect(() => tokens.clientOf(`Bearer ${token}`)).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }))
})

test('a token with any character changed is refused', async () => {
  const { context, tokens } = setUp()
  const { token } = logIn(context, await signed())
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
