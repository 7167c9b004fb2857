import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey } from '@granary/chain/keystore'
import type { DealView } from '@granary/protocol/client'
import { addressOf, dealTermsToJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { someTerms } from '../../../client/test/a-deal.ts'
import { genesisHash, providerView, serveChain } from '../../../client/test/chain-answers.ts'
import { granary } from '../../test/granary.ts'
import { asCalledHere } from '../invocation.ts'

/** A command that no shell finds would keep nothing: it is told as it is called where the person stands. */
const called = (text: string) => asCalledHere(text, { cwd: () => '/', env: {} })
const passphrase = 'correct horse'
const providers = [providerView(1000, 'http://127.0.0.1:9')]
let home: string
let lapsed: DealView

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-deals-'))
  const key = await createKey(join(home, 'client', 'keystore.json'), passphrase, { light: true })
  const money = { locked: `${10n ** 18n}`, paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  const terms = dealTermsToJson(someTerms({ client: addressOf(key) }))
  lapsed = { id: 5, agreementId: genesisHash, terms, state: 'lapsed', ...money, ...epochs }
})
afterAll(() => rm(home, { recursive: true }))

test('without its passphrase an account sees its deals, what they still lock and what settles it', async () => {
  await using chain = await serveChain(() => ({ status: { devnet: false }, deals: [lapsed], providers }))
  const ran = await granary(['deals', '--chain', chain.url, '--home', home])
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout).toContain('5     lapsed')
  expect(ran.stdout).toContain(
    called('deal 5: over, and 1 GRN stay locked until `granary deals --passphrase-file FILE` of its client settles it'),
  )
  expect(ran.stdout).not.toContain('back')
})

test('with it, a settlement that fails is told, and the deals are listed all the same', async () => {
  const file = join(home, 'passphrase')
  await writeFile(file, passphrase, { mode: 0o600 })
  await using chain = await serveChain(() => ({ status: { devnet: false }, deals: [lapsed], providers }))
  const ran = await granary(['deals', '--chain', chain.url, '--home', home, '--passphrase-file', file, '--json'])
  expect(ran.code).toBe(0)
  const { data } = JSON.parse(ran.stdout)
  expect(data).toMatchObject({ deals: [{ id: 5, awaitsSettlement: true }] })
  expect(data.settlement).toMatchObject({ type: 'settle:failed', deals: [5], hint: expect.any(String) })
})

test('who has no key here has no deals, and gets no key by looking', async () => {
  const empty = join(home, 'empty')
  await using chain = await serveChain(() => ({ status: { devnet: false }, deals: [lapsed], providers }))
  const ran = await granary(['deals', '--chain', chain.url, '--home', empty])
  expect(ran).toMatchObject({ code: 0, stdout: called('no deals yet: `granary put FILE` makes one\n') })
  // Cron has another home easily: with exit code 0 nobody would ever be warned.
  const watched = await granary(['deals', '--ending', '14d', '--chain', chain.url, '--home', empty])
  expect(watched).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('KEYSTORE_MISSING') })
})

test.each([
  ['14d', 3, 'deal 6 ends'],
  ['3d', 0, 'no deal ends in that time'],
])('deals --ending %s exits with %i, for cron, and says what keeps them', async (within, code, expected) => {
  // In ten days, of blocks that take five seconds.
  const place = { activatedAt: 2, endsAt: 100 + 10 * 17_280, sector: { provider: 1000, number: 3 } }
  const running: DealView = { ...lapsed, id: 6, state: 'active', ...place }
  await using chain = await serveChain(() => ({
    status: { devnet: false, blockTimeMs: 5_000 },
    deals: [lapsed, running],
    providers,
  }))
  const args = ['deals', '--chain', chain.url, '--home', home]
  const ran = await granary([...args, '--ending', within])
  expect(ran).toMatchObject({ code, stdout: expect.stringContaining(expected) })
  expect(ran.stdout).not.toContain('lapsed')
  if (code !== 0) expect(ran.stdout).toContain(called('`granary renew 6 --for 30d` keeps it for 30 days more, for'))
  const all = await granary([...args, '--json'])
  expect(all.code).toBe(0)
  expect(JSON.parse(all.stdout).data.deals).toMatchObject([
    { id: 5, goingOn: null },
    { id: 6, goingOn: { warning: 14, endsInMs: 10 * 86_400_000 } },
  ])
  expect((await granary(args)).stdout).toContain('deal 6 ends 1970-01-11')
})

/** Until day 90, of a deal whose time that is paid ends on day 10; a month of it costs a little more than 5 × 10⁸ attoGRN. */
const DAY = 17_280
const ordered = (end = 10): DealView => ({
  ...lapsed,
  ...{ id: 7, state: 'active', activatedAt: 2, endsAt: 100 + end * DAY, orderedUntil: 100 + 90 * DAY },
  sector: { provider: 1000, number: 3 },
  terms: { ...lapsed.terms, duration: `${20 * DAY}`, extendableUntil: `${100 + 90 * DAY}` },
})

test.each([
  [
    'is paid for',
    { deal: 10, balance: 10n ** 18n },
    'goes on until 1970-04-01',
    'deal 7 ends with its standing order, 1970-04-01 00:08 UTC, in 90 d (epoch 1555300); 530841600 attoGRN a month until then',
    'goes on until 1970-04-01 00:08 UTC, in 90 d (epoch 1555300) by its standing order, 530841600 attoGRN a month',
  ],
  [
    'lacks money',
    { deal: 10, balance: 1n },
    '1970-01-11 00:08 UTC',
    'its standing order lacks money; bring 530841600 attoGRN a month to the account',
    'a month; the money for it lacks',
  ],
  [
    'has not been paid in time',
    { deal: 1, balance: 10n ** 18n },
    '1970-01-02 00:08 UTC',
    'keeps it for 30 days more',
    'a month; nobody has had it paid yet',
  ],
])('a standing order that %s is told by deals and by status', async (_, { deal, balance }, end, warning, goesOn) => {
  const deals = [ordered(deal)]
  await using chain = await serveChain(() => ({
    status: { devnet: false, blockTimeMs: 5_000, timeMs: 500_000 },
    ...{ deals, providers, balance },
  }))
  const asked = ['--chain', chain.url, '--home', home]
  const listed = await granary(['deals', '--ending', '100d', ...asked])
  expect([listed.code, listed.stderr]).toEqual([3, ''])
  expect(listed.stdout).toContain(end)
  expect(listed.stdout).toContain(warning)
  const shown = await granary(['status', lapsed.terms.pieceCid, ...asked])
  expect(shown).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(goesOn) })
})
