import { toHex } from '@granary/base'
import { type Quote, quoteToJson, type Signer, typedQuote } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aProvider, aQuote, clientSigner, ownerSigner, session } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { requestQuote } from './request-quote.ts'

async function quoteFrom(quote: Quote, signer: Signer, collateralShareBps?: number): Promise<Quote> {
  const signature = toHex(await signer.sign(typedQuote(genesisHash, quote)))
  await using provider = await serve((_request, response) => {
    response.end(JSON.stringify({ quote: quoteToJson(quote), signature }))
  })
  const { url: endpoint } = provider
  const asked = { client: clientSigner.address, pieceSize: 1024, duration: 100, activateWithinMax: 5_000 }
  return await requestQuote({ provider: aProvider(endpoint), endpoint, genesisHash, ...asked, collateralShareBps })
}

test.each([
  ['owner', ownerSigner],
  ['session key', session],
])("a quote signed with the provider's %s is taken", async (_name, signer) => {
  expect(await quoteFrom(aQuote(), signer)).toEqual(aQuote())
})

test("a quote signed with anybody else's key is refused", async () => {
  await expect(quoteFrom(aQuote(), clientSigner)).rejects.toMatchObject({ code: 'PROVIDER_SIGNATURE_INVALID' })
})

test.each([
  ['client', { client: ownerSigner.address }],
  ['provider', { provider: 1001 }],
  ['pieceSize', { pieceSize: 2048 }],
  ['duration', { duration: 101, total: 103_424n }],
  ['total', { total: 102_401n }],
  ['activateWithin', { activateWithin: 5_001 }],
  ['pricePerEpoch', { pricePerEpoch: 1025n, total: 102_500n }],
])('a quote with another %s than asked for is refused', async (what, changes) => {
  const refused = quoteFrom(aQuote(changes), session)
  await expect(refused).rejects.toMatchObject({ code: 'QUOTE_MISMATCH', details: { what } })
})

test('a quote with less collateral than was asked for is refused', async () => {
  expect(await quoteFrom(aQuote(), session, 2_000)).toEqual(aQuote())
  expect(await quoteFrom(aQuote({ providerCollateral: 94_208n }), session, 9_200)).toBeDefined()
  const refused = { code: 'QUOTE_MISMATCH', details: { what: 'providerCollateral' } }
  await expect(quoteFrom(aQuote(), session, 2_001)).rejects.toMatchObject(refused)
  await expect(quoteFrom(aQuote({ providerCollateral: 94_207n }), session, 9_200)).rejects.toMatchObject(refused)
})

test.each(['0x123', '0xAB', 'none', ''])(
  'a signature %j, which is no hex, is refused as an answer',
  async (signature) => {
    await using provider = await serve((_request, response) => {
      response.end(JSON.stringify({ quote: quoteToJson(aQuote()), signature }))
    })
    const { url: endpoint } = provider
    const asked = { client: clientSigner.address, pieceSize: 1024, duration: 100, activateWithinMax: 5_000 }
    const refused = requestQuote({ provider: aProvider(endpoint), endpoint, genesisHash, ...asked })
    await expect(refused).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_INVALID' })
  },
)

test("a provider's refusal keeps its code and hint", async () => {
  const error = { code: 'PIECE_TOO_SMALL', message: 'too small', hint: 'take more', retryable: false }
  await using provider = await serve((_request, response) => {
    response.writeHead(422).end(JSON.stringify({ error }))
  })
  const { url: endpoint } = provider
  const asked = { client: clientSigner.address, pieceSize: 1024, duration: 100, activateWithinMax: 5_000 }
  const refused = requestQuote({ provider: aProvider(endpoint), endpoint, genesisHash, ...asked })
  await expect(refused).rejects.toMatchObject(error)
})

test.each([
  ['no JSON', 200, 'hello'],
  ['another shape', 200, '{"quote":{}}'],
  ['a failure without an error', 503, '<html>'],
])('an answer that is not understood is named: %s', async (_name, status, body) => {
  await using provider = await serve((_request, response) => void response.writeHead(status).end(body))
  const { url: endpoint } = provider
  const asked = { client: clientSigner.address, pieceSize: 1024, duration: 100, activateWithinMax: 5_000 }
  const refused = requestQuote({ provider: aProvider(endpoint), endpoint, genesisHash, ...asked })
  await expect(refused).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_INVALID', retryable: status >= 500 })
})

test('an answer without end is cut off', async () => {
  const chunk = Buffer.alloc(1 << 20, 'a')
  await using provider = await serve((_request, response) => {
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', pour)
    pour()
  })
  const { url: endpoint } = provider
  const asked = { client: clientSigner.address, pieceSize: 1024, duration: 100, activateWithinMax: 5_000 }
  const refused = requestQuote({ provider: aProvider(endpoint), endpoint, genesisHash, ...asked })
  await expect(refused).rejects.toMatchObject({
    code: 'PROVIDER_ANSWER_INVALID',
    message: expect.stringContaining('more than 8388608 bytes'),
  })
})
