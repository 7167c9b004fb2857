import { toHex } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import { quoteToJson, typedQuote } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aProvider, aQuote, clientSigner, session } from '../../test/a-deal.ts'
import { genesisHash, providerView } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import { askQuote, collateralShareFor } from './ask-quote.ts'

const standing = { rewardPerGiBEpoch: 10n, forfeitEpochs: 100 }

function withVesting(vesting: Partial<ProviderView['vesting']>, collateralShareMaxBps = 10_000): ProviderView {
  const view = providerView(1000, 'http://127.0.0.1:7470')
  return { ...view, vesting: { ...view.vesting, ...vesting }, ask: { ...view.ask!, collateralShareMaxBps } }
}

test.each<[string, ProviderView, number | undefined]>([
  ['of whom as much vests as leaving can cost', withVesting({ perDealGiB: '1000' }), undefined],
  ['of whom less vests', withVesting({ perDealGiB: '999' }), 9_200],
  ['of whom less vests, whose ask says less', withVesting({ perDealGiB: '0' }, 5_000), 5_000],
  ['without deals, of whom enough vests for this one', withVesting({ locked: '500' }), undefined],
  ['without deals, of whom less vests', withVesting({ locked: '499' }), 9_200],
])('a provider %s', (_who, view, share) => {
  expect(collateralShareFor(view, 1 << 29, standing)).toBe(share)
})

interface Asked {
  readonly collateralShareBps?: number
}

/** A provider that puts up what is asked, at most `mostBps`, and the shares that it was asked for. */
async function askedOf(mostBps: number, collateralShareBps?: number) {
  const shares: (number | undefined)[] = []
  await using provider = await serve(async (request, response) => {
    const text = (await Array.fromAsync(request)).join('')
    const { collateralShareBps: share } = JSON.parse(text) as Asked
    shares.push(share)
    if ((share ?? 0) > mostBps) {
      const error = { code: 'COLLATERAL_SHORT', message: 'not as much', hint: 'ask for less', retryable: true }
      response.writeHead(507).end(JSON.stringify({ error }))
      return
    }
    const quote = aQuote({ providerCollateral: (102_400n * BigInt(share ?? 2_000)) / 10_000n })
    const signature = toHex(await session.sign(typedQuote(genesisHash, quote)))
    response.end(JSON.stringify({ quote: quoteToJson(quote), signature }))
  })
  const { url: endpoint } = provider
  const asked = { client: clientSigner.address, pieceSize: 1024, duration: 100, activateWithinMax: 5_000 }
  const { providerCollateral } = await askQuote({
    ...{ standing, provider: aProvider(endpoint), endpoint, genesisHash, ...asked },
    collateralShareBps,
  })
  return { shares, providerCollateral }
}

test('of a new provider more collateral is asked, and the least when it has not as much', async () => {
  expect(await askedOf(10_000)).toEqual({ shares: [9_200], providerCollateral: 94_208n })
  expect(await askedOf(2_000)).toEqual({ shares: [9_200, undefined], providerCollateral: 20_480n })
})

test('what the caller names is asked for, whoever the provider is', async () => {
  expect(await askedOf(10_000, 3_000)).toEqual({ shares: [3_000], providerCollateral: 30_720n })
})
