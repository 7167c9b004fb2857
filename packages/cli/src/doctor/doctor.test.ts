import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey } from '@granary/chain/keystore'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { providerView, serveChain } from '../../../client/test/chain-answers.ts'
import { serve } from '../../../client/test/serve.ts'
import { granary } from '../../test/granary.ts'
import { checkChain } from './check-chain.ts'
import { checkClock } from './check-clock.ts'
import { checkKernel, checkNode, checkPorts } from './check-machine.ts'
import type { Finding } from './finding.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-doctor-'))
})
afterEach(() => rm(home, { recursive: true }))

async function examined(url: string): Promise<{ code: number | null; found: Map<string, Finding>; healthy: boolean }> {
  const { code, stdout } = await granary(['doctor', '--json', '--home', home, '--chain', url])
  const { data } = JSON.parse(stdout)
  return { code, healthy: data.healthy, found: new Map(data.findings.map((each: Finding) => [each.check, each])) }
}

test('where nothing is wrong it says so, with what it measured, and ends with 0', async () => {
  await using provider = await serve((_, response) => response.end('{}'))
  const providers = [providerView(7, provider.url)]
  await using chain = await serveChain(() => ({ status: { timeMs: Date.now() }, providers }))
  const { code, healthy, found } = await examined(chain.url)
  expect({ code, healthy }).toEqual({ code: 0, healthy: true })
  expect(found.get('chain')).toMatchObject({ state: 'ok', says: expect.stringContaining('in step: block 100') })
  expect(found.get('providers')).toMatchObject({ state: 'ok', says: expect.stringMatching(/^7 \(p7\) \d+ ms$/) })
  expect(found.get('clock')).toMatchObject({ state: 'ok', says: 'agrees with 2 others' })
  expect(found.get('keystore')).toMatchObject({ state: 'note', fix: expect.stringContaining('granary put FILE') })
  expect(found.get('balance')).toMatchObject({ state: 'skipped' })
})

test('a chain that does not answer ends with 5, and what needs it is skipped', async () => {
  const { code, healthy, found } = await examined('http://127.0.0.1:1')
  expect({ code, healthy }).toEqual({ code: 5, healthy: false })
  expect(found.get('chain')).toMatchObject({ state: 'wrong', code: 'CHAIN_UNREACHABLE', fix: expect.any(String) })
  expect(['providers', 'clock', 'balance'].map((check) => found.get(check)?.state)).toEqual(Array(3).fill('skipped'))
})

test('a chain that stands still, or is far behind, is not in step', async () => {
  await using still = await serveChain(() => ({ status: { clock: { ...standing, stalled: 'BEACON_SILENT' } } }))
  expect((await checkChain({ chain: still.url }, Date.now())).finding).toMatchObject({
    state: 'wrong',
    code: 'CHAIN_STOPPED',
  })
  await using behind = await serveChain(() => ({ status: { timeMs: 1_000_000 } }))
  const { finding } = await checkChain({ chain: behind.url }, 1_000_000 + 3_600_000)
  expect(finding).toMatchObject({ state: 'wrong', code: 'CHAIN_BEHIND', says: expect.stringContaining('1 h old') })
})
const standing = { trust: 'local', newestRound: null, silentMs: 0, aheadMs: null } as const

test('a provider that does not answer is a note while another does, and wrong when none does', async () => {
  await using provider = await serve((_, response) => response.end('{}'))
  const gone = providerView(8, 'http://127.0.0.1:2')
  await using some = await serveChain(() => ({
    status: { timeMs: Date.now() },
    providers: [providerView(7, provider.url), gone],
  }))
  const one = await examined(some.url)
  expect(one.code).toBe(0)
  expect(one.found.get('providers')).toMatchObject({
    state: 'note',
    says: expect.stringContaining('8 (p8) ECONNREFUSED'),
  })
  await using none = await serveChain(() => ({ status: { timeMs: Date.now() }, providers: [gone] }))
  const all = await examined(none.url)
  expect(all.code).toBe(5)
  expect(all.found.get('providers')).toMatchObject({ state: 'wrong', code: 'PROVIDER_UNREACHABLE' })
})

test.each([
  ['ours, when the others agree', [60_000, 61_000, 59_000], 'wrong', /^this machine's clock is 1 min behind that of/],
  ['one of theirs, when the rest agrees with us', [0, -90_000, 900], 'note', /^that of p1 is 1 min 30 s behind$/],
  ['nobody', [900, -900], 'ok', /^agrees with 2 others$/],
])('whose clock is wrong: %s', (_, ahead, state, says) => {
  const finding = checkClock(ahead.map((aheadMs, i) => ({ whose: `p${i}`, aheadMs })))
  expect(finding).toMatchObject({ state, says: expect.stringMatching(says) })
})

test("the provider's clock that differs is named, from its own HTTP answers", async () => {
  const late = { date: new Date(Date.now() - 120_000).toUTCString() }
  await using right = await serve((_, response) => response.end('{}'))
  await using wrong = await serve((_, response) => response.writeHead(200, late).end('{}'))
  const providers = [providerView(7, right.url), providerView(8, wrong.url)]
  await using chain = await serveChain(() => ({ status: { timeMs: Date.now() }, providers }))
  const { found } = await examined(chain.url)
  expect(found.get('clock')).toMatchObject({
    state: 'note',
    says: expect.stringMatching(/^that of provider 8 is 2 min( \d s)? behind$/),
  })
})

test('a key that others can read ends with 4, and says the command that mends it', async () => {
  const path = join(home, 'client', 'keystore.json')
  await createKey(path, 'correct horse', { light: true })
  expect((await granary(['doctor', '--home', home, '--chain', 'http://127.0.0.1:1'])).stdout).toMatch(
    /ok +keystore +0x[0-9a-f]{40} in /,
  )
  await chmod(path, 0o644)
  const ran = await granary(['doctor', '--home', home, '--chain', 'http://127.0.0.1:1'])
  expect(ran.code).toBe(4)
  expect(ran.stdout).toContain(`chmod 600 ${path}`)
})

test('a damaged key file is what its reader says it is', async () => {
  await mkdir(join(home, 'client'))
  await writeFile(join(home, 'client', 'keystore.json'), '{', { mode: 0o600 })
  const { code, found } = await examined('http://127.0.0.1:1')
  expect(code).toBe(4)
  expect(found.get('keystore')).toMatchObject({ state: 'wrong', code: 'KEYSTORE_INVALID' })
})

test('an old Node, a slow kernel and a taken port are told with what mends them', async () => {
  expect(checkNode('22.1.0')).toMatchObject({ state: 'wrong', fix: expect.stringContaining('Node 24') })
  expect(checkNode()).toMatchObject({ state: 'ok' })
  expect(checkKernel({ name: 'typescript', reason: 'there is no other' })).toMatchObject({ state: 'note' })
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  expect(await checkPorts([port])).toMatchObject({ state: 'note', details: { taken: [port], free: [] } })
  taken.close()
})
