import { toHex } from '@granary/base'
import { type DealRenewal, dealRenewal, typedDealRenewal } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aProvider, session } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { requestRenewal, type SignedRenewal } from './request-renewal.ts'

const agreementId = `0x${'5a'.repeat(32)}` as const
const time = { height: 100, timeMs: Date.UTC(2030, 0, 31), blockTimeMs: 60_000 }

async function renewalFrom(changes: Partial<DealRenewal>): Promise<SignedRenewal> {
  const asked = { deal: 7, agreementId, startsAt: 160, endsAt: 220, providerCollateral: 12_000n, validUntil: 200 }
  const renewal = { ...asked, ...changes }
  const signature = toHex(await session.sign(typedDealRenewal(genesisHash, renewal)))
  await using server = await serve((_request, response) => {
    response.end(JSON.stringify({ renewal: dealRenewal.toJson(renewal, 'renewal'), signature }))
  })
  const { url: endpoint } = server
  const deal = { id: 7, agreementId, terms: { pricePerEpoch: '1000' } } as never
  const wanted = { deal, endsAt: 160, until: 220, time, minCollateralShareBps: 2_000 }
  return await requestRenewal(
    { ...wanted, endpoint, provider: aProvider(endpoint), genesisHash, token: 'token', fetch },
    { signal: undefined },
  )
}

test('a renewal as it was asked for is taken', async () => {
  expect((await renewalFrom({})).renewal).toMatchObject({ startsAt: 160, endsAt: 220 })
})

test.each<[string, Partial<DealRenewal>, string]>([
  ['of another deal', { deal: 8 }, 'of deal 8'],
  ['from another end', { startsAt: 161 }, 'from an end at 2030-01-31 01:01 UTC (epoch 161)'],
  ['with another end', { endsAt: 219 }, 'with an end at 2030-01-31 01:59 UTC (epoch 219)'],
  ['with too little collateral', { providerCollateral: 11_999n }, '11999 attoGRN of collateral, too little'],
])('a renewal %s is refused, and it is said when that would be', async (_, changes, what) => {
  const refused = { code: 'TERMS_MISMATCH', message: expect.stringContaining(what) }
  await expect(renewalFrom(changes)).rejects.toMatchObject(refused)
})
