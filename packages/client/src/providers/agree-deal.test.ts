import { toHex } from '@granary/base'
import {
  type DealTerms,
  dealTermsDigest,
  dealTermsToJson,
  type Signer,
  typedDealTerms,
} from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aProvider, clientSigner, ownerSigner, session, someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { type Agreement, agreeDeal } from './agree-deal.ts'

const terms = someTerms()
const agreementId = toHex(dealTermsDigest(genesisHash, terms))

async function agreement(answered: DealTerms, signer: Signer, chain = genesisHash): Promise<Agreement> {
  const signature = toHex(await signer.sign(typedDealTerms(chain, answered)))
  await using provider = await serve((request, response) => {
    expect(request.headers.authorization).toBe('Bearer t')
    response.writeHead(201).end(JSON.stringify({ agreementId, terms: dealTermsToJson(answered), signature }))
  })
  const { url: endpoint } = provider
  return await agreeDeal({ provider: aProvider(endpoint), endpoint, genesisHash, uploadId: 'u', terms, token: 't' })
}

test('the same terms, signed by owner or session key, are an agreement', async () => {
  expect((await agreement(terms, session)).agreementId).toBe(agreementId)
  expect((await agreement(terms, ownerSigner)).providerSignature).toHaveLength(65)
})

test.each([
  ['price', { pricePerEpoch: 1025n }],
  ['duration', { duration: 101 }],
  ['collateral', { providerCollateral: 1n }],
  ['nonce', { nonce: 8n }],
  ['root CID', { rootCid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' }],
])('terms with another %s than sent are refused', async (_what, changes) => {
  await expect(agreement(someTerms(changes), session)).rejects.toMatchObject({ code: 'TERMS_MISMATCH' })
})

test('a signature of a stranger, or for another chain, is refused', async () => {
  const invalid = { code: 'PROVIDER_SIGNATURE_INVALID' }
  await expect(agreement(terms, clientSigner)).rejects.toMatchObject(invalid)
  await expect(agreement(terms, session, `0x${'00'.repeat(32)}`)).rejects.toMatchObject(invalid)
})
