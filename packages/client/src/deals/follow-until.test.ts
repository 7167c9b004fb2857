import { toHex } from '@granary/base'
import { createChainClient, type DealView } from '@granary/protocol/client'
import { dealTermsDigest, dealTermsToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { someTerms } from '../../test/a-deal.ts'
import { genesisHash, serveChain } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { followUntil } from './follow-until.ts'

const terms = someTerms()
const agreementId = toHex(dealTermsDigest(genesisHash, terms))

function active(agreement: typeof agreementId): DealView {
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  return { id: 5, agreementId: agreement, terms: dealTermsToJson(terms), state: 'active', ...money, ...epochs }
}

async function follow(deals: readonly DealView[]): Promise<DealView> {
  await using served = await serveChain(() => ({ deals }))
  const chain = createChainClient({ url: served.url })
  // Nobody is there to tell the story: the chain alone says what is true.
  return await followUntil({ chain, fetch, endpoint: 'http://127.0.0.1:9', dealId: 5, agreementId })
}

test('a deal is followed by its number as long as that is its number', async () => {
  expect((await follow([active(agreementId)])).id).toBe(5)
})

test.each([
  ['has given its number to another deal', [active(genesisHash)]],
  ['has no deal of its number', []],
])('a chain that was rolled back and %s has forgotten it', async (_, deals) => {
  await expect(follow(deals)).rejects.toMatchObject({
    code: 'DEAL_FORGOTTEN',
    details: { deal: 5, agreementId },
    hint: expect.stringContaining('put the same file again'),
  })
})

test('a provider that refuses to tell the story before the deal is proven ends nothing', async () => {
  let looks = 0
  await using provider = await serve((_request, response) => {
    const error = { code: 'DEAL_NOT_FOUND', message: 'it has no such deal', hint: '', retryable: false }
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
  })
  await using served = await serveChain(() => {
    const state = looks++ < 2 ? ('published' as const) : ('active' as const)
    return { deals: [{ ...active(agreementId), state }] }
  })
  const chain = createChainClient({ url: served.url })
  // A rejection that nobody handles fails the test, and would end a program.
  expect(await followUntil({ chain, fetch, endpoint: provider.url, dealId: 5, agreementId })).toMatchObject({ id: 5 })
})
