import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProviderView, SessionKeyView } from '@granary/protocol/client'
import { daemonScopes } from '@granary/protocol/messages'
import type { VolumeUsage } from '@granary/provider/operator'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { genesisHash, providerView, statusView } from '../../../client/test/chain-answers.ts'
import { serve } from '../../../client/test/serve.ts'
import { checkOpenFiles } from './check-open-files.ts'
import { checkProviderAddress } from './check-provider-address.ts'
import { checkProviderDisks } from './check-provider-disks.ts'
import { checkProviderKeys } from './check-provider-keys.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-provider-doctor-'))
})
afterEach(() => rm(folder, { recursive: true }))

const good: SessionKeyView = {
  ...{ publicKey: genesisHash, scopes: [...daemonScopes], expires: 10_000_000 },
  ...{ spendingLimit: '1000', spent: '0' },
}
const older = daemonScopes.filter((scope) => scope !== 'TopUpByOrder')

test.each<[string, Partial<SessionKeyView> | undefined, string | undefined, RegExp]>([
  ['authorised before standing orders', { scopes: older }, undefined, /may not sign TopUpByOrder/],
  ['that ends tomorrow', { expires: statusView.height + 1_000 }, undefined, /signs until .*, and may spend 1000 atto/],
  ['that has spent its limit', { spent: '950' }, undefined, /may spend 50 attoGRN more/],
  ['that the chain has not', undefined, undefined, /does not let the daemon's key sign/],
  ['that is another by now', {}, `0x${'cd'.repeat(32)}`, /this home another: 0xcdcd/],
])('a key %s is wrong, with the command that mends it', async (_, changes, wanted, says) => {
  const keys = changes === undefined ? [] : [{ ...good, ...changes }]
  expect(await keyFinding(keys, wanted)).toMatchObject({
    ...{ state: 'wrong', code: 'SESSION_KEY_ENDS', says: expect.stringMatching(says) },
    fix: expect.stringContaining('granary provider register --home /h --owner-key FILE --session-limit'),
  })
})

test('a key that was to have bounds and has none is wrong until it has them', async () => {
  const endless = { ...good, expires: Number.MAX_SAFE_INTEGER, spendingLimit: String(2n ** 128n - 1n) }
  expect(await keyFinding([endless], genesisHash, true)).toMatchObject({
    ...{ state: 'wrong', says: expect.stringMatching(/killed before it gave it its bounds/) },
    fix: 'granary provider key rotate --home /h',
  })
  expect(await keyFinding([good], genesisHash, true)).toMatchObject({ state: 'ok' })
})

test('a key that may all that a daemon signs is right', async () => {
  expect(await keyFinding([good], genesisHash)).toMatchObject({ state: 'ok' })
})

function keyFinding(keys: readonly SessionKeyView[], wanted: string | undefined, isUnbounded = false) {
  async function* sessionKeys() {
    yield* keys
  }
  const provider: ProviderView = providerView(7, 'http://127.0.0.1:1', { sessionKey: genesisHash })
  return checkProviderKeys({
    chain: { sessionKeys } as never,
    status: statusView,
    provider,
    wanted,
    home: '/h',
    isUnbounded,
  })
}

function volume(changes: Partial<VolumeUsage>): VolumeUsage {
  const bytes = { sector: 0, piece: 0, upload: 0 }
  const roles = ['sealing'] as const
  return { ...{ path: folder, roles, isThere: true, bytes, freeBytes: 0, capacityBytes: null, weight: 1 }, ...changes }
}

test('a disk that is away, one that is full, and one that is named twice', async () => {
  const away = volume({ path: join(folder, 'away'), isThere: false })
  const found = await checkProviderDisks([volume({ path: 'home', freeBytes: 1_000 }), away, volume({})], folder)
  expect(found.map(({ state, code, says }) => [state, code ?? says])).toEqual([
    ['ok', `${folder}: 1000 bytes for more, beside its reserve`],
    ['wrong', 'VOLUME_AWAY'],
    ['wrong', 'DISK_FULL'],
    ['note', `${folder} is on the same disk as ${folder}`],
  ])
})

test('a disk with room is written to, to see how fast it is', async () => {
  const [found] = await checkProviderDisks([volume({ freeBytes: 2 ** 32 })], folder)
  expect(found?.says).toMatch(/a second written$/)
})

test.each([
  ['1024', 'note'],
  ['65536', 'ok'],
  ['unlimited', 'ok'],
])('with %s open files it is %s', async (soft, state) => {
  const limits = join(folder, 'limits')
  await writeFile(limits, `Limit   Soft Limit  Hard Limit  Units\nMax open files            ${soft}  524288  files\n`)
  expect(await checkOpenFiles(limits)).toMatchObject({ state, says: `${soft} files may be open at a time` })
})

test('a provider that answers that it is asked too often, or waits for its chain, is no other program', async () => {
  const error = { code: 'RATE_LIMITED', message: 'too many requests', hint: 'wait', retryable: true }
  await using server = await serve((_, response) => {
    response.statusCode = 429
    response.end(JSON.stringify({ error }))
  })
  const provider = providerView(7, server.url)
  expect(await checkProviderAddress({ provider, publicUrl: undefined, isRunning: true })).toEqual({
    ...{ check: 'address', state: 'note', fix: 'wait' },
    says: `${server.url} answers RATE_LIMITED: too many requests`,
  })
})

test('the address that clients are told has to lead to this very provider', async () => {
  let id = 7
  await using server = await serve((_, response) => response.end(JSON.stringify({ id })))
  const provider = providerView(7, server.url)
  const at = (publicUrl?: string) => checkProviderAddress({ provider, publicUrl, isRunning: true })
  expect(await at()).toMatchObject({ state: 'note', says: expect.stringMatching(/programs of this machine alone/) })
  expect(await at('http://attic.example')).toMatchObject({
    state: 'wrong',
    says: expect.stringMatching(/publicUrl is/),
  })
  id = 8
  expect(await at()).toMatchObject({
    state: 'wrong',
    says: expect.stringMatching(/another program, not by provider 7/),
  })
  const gone = providerView(7, 'http://127.0.0.1:1')
  expect(await checkProviderAddress({ provider: gone, publicUrl: undefined, isRunning: true })).toMatchObject({
    ...{ state: 'wrong', code: 'PROVIDER_UNREACHABLE', says: expect.stringMatching(/cannot be reached/) },
  })
})
