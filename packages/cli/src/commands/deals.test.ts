import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey } from '@granary/chain/keystore'
import type { DealView } from '@granary/protocol/client'
import { addressOf, dealTermsToJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { someTerms } from '../../../client/test/a-deal.ts'
import { genesisHash, serveChain } from '../../../client/test/chain-answers.ts'
import { granary } from '../../test/granary.ts'

const passphrase = 'correct horse'
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
  await using chain = await serveChain(() => ({ status: { devnet: false }, deals: [lapsed] }))
  const ran = await granary(['deals', '--chain', chain.url, '--home', home])
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout).toContain('5     lapsed')
  expect(ran.stdout).toContain(
    'deal 5: over, and 1 GRN stay locked until `granary deals --passphrase-file FILE` of its client settles it',
  )
  expect(ran.stdout).not.toContain('back')
})

test('with it, a settlement that fails is told, and the deals are listed all the same', async () => {
  const file = join(home, 'passphrase')
  await writeFile(file, passphrase, { mode: 0o600 })
  await using chain = await serveChain(() => ({ status: { devnet: false }, deals: [lapsed] }))
  const ran = await granary(['deals', '--chain', chain.url, '--home', home, '--passphrase-file', file, '--json'])
  expect(ran.code).toBe(0)
  const { data } = JSON.parse(ran.stdout)
  expect(data).toMatchObject({ deals: [{ id: 5, awaitsSettlement: true }] })
  expect(data.settlement).toMatchObject({ type: 'settle:failed', deals: [5], hint: expect.any(String) })
})

test('who has no key here has no deals, and gets no key by looking', async () => {
  const empty = join(home, 'empty')
  await using chain = await serveChain(() => ({ status: { devnet: false }, deals: [lapsed] }))
  const ran = await granary(['deals', '--chain', chain.url, '--home', empty])
  expect(ran).toMatchObject({ code: 0, stdout: 'no deals yet: `granary put FILE` makes one\n' })
})
