/** The main screens as they look on a narrow terminal and on a wide one: a change of them is seen where it is made. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKey } from '@granary/chain/keystore'
import type { DealView } from '@granary/protocol/client'
import { addressOf, dealTermsToJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { someTerms } from '../../../client/test/a-deal.ts'
import { genesisHash, providerView, serveChain } from '../../../client/test/chain-answers.ts'
import { serve } from '../../../client/test/serve.ts'
import { granary } from '../../test/granary.ts'
import { widthOf } from './columns.ts'

/** What is to be copied may be wider than the terminal. */
const TO_COPY = /baf[a-z0-9]{50}|0x[0-9a-f]{40}|https?:|\/tmp\/|\/nowhere|\/node_modules\//
let home: string
let deal: DealView

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-screens-'))
  const key = await createKey(join(home, 'client', 'keystore.json'), 'correct horse', { light: true })
  const money = { locked: '1234567890123456789', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '347' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 40, faultedEpochs: 0, settledThrough: 90 }
  deal = {
    id: 5,
    agreementId: genesisHash,
    terms: dealTermsToJson(someTerms({ client: addressOf(key) })),
    state: 'active',
    ...money,
    ...epochs,
  }
})
afterAll(() => rm(home, { recursive: true }))

async function screen(args: readonly string[], columns: number): Promise<string> {
  await using provider = await serve((_, response) => response.end('{}'))
  const providers = [7, 1000].map((id) => providerView(id, provider.url))
  await using chain = await serveChain(() => ({
    status: { timeMs: Date.now(), devnet: false },
    deals: [deal],
    providers,
  }))
  const env = { COLUMNS: `${columns}`, GRANARY_CHAIN: chain.url, GRANARY_HOME: home, NO_COLOR: '1' }
  return (await granary(args, env)).stdout
}

const screens = [
  ['deals'],
  ['config', 'list'],
  ['config', 'list', '--show-origin'],
  ['doctor'],
  ['--help'],
  ['put', '--help'],
]

test.each(screens.flatMap((args) => [60, 200].map((columns) => [args.join(' '), columns] as const)))(
  'granary %s fits into %i columns',
  async (line, columns) => {
    const shown = await screen(line.split(' '), columns)
    const wide = shown.split('\n').filter((each) => widthOf(each) > columns && !TO_COPY.test(each))
    expect(wide).toEqual([])
    expect(shown.split('\n').length).toBeGreaterThan(2)
  },
)
