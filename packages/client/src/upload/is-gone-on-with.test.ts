import { toHex } from '@granary/base'
import type { DealState, DealView } from '@granary/protocol/client'
import { dealTermsDigest, dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aQuote, someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import { apply, type UploadEvent, type UploadState } from '../journal/upload-state.ts'
import { isGoneOnWith } from './is-gone-on-with.ts'

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const terms = someTerms({ rootCid })
const agreementId = toHex(dealTermsDigest(genesisHash, terms))
const VALID = terms.validUntil - 1

function deal(state: DealState): DealView {
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  return { id: 5, agreementId, terms: dealTermsToJson(terms), state, ...money, ...epochs }
}

const opened: UploadEvent = {
  ...{ type: 'opened', genesisHash, rootCid, name: '/f', fileBytes: 1, duration: 100 },
  pieces: [{ pieceSize: 1024, payloadSize: 900 }],
  places: [{ piece: 0, copy: 0 }],
}
const quoted: readonly UploadEvent[] = [
  { type: 'slot:chosen', slot: 0, provider: 1000 },
  { type: 'slot:quoted', slot: 0, quote: quoteToJson(aQuote({})) },
]
const sending: readonly UploadEvent[] = [...quoted, { type: 'slot:upload-opened', slot: 0, uploadUrl: 'http://p/u' }]
const adopted: readonly UploadEvent[] = [
  {
    ...{ type: 'slot:adopted', slot: 0, provider: 1000, terms: dealTermsToJson(terms) },
    ...{ agreementId, dealId: 5, active: true },
  },
]

const earlier = (events: readonly UploadEvent[]): UploadState =>
  [opened, ...events].reduce<UploadState | undefined>(apply, undefined)!

test.each<[string, UploadState | undefined, readonly DealView[], number, boolean]>([
  ['nothing is known of the file alone', undefined, [], VALID, false],
  ['a deal runs, and the journal is lost', undefined, [deal('active')], VALID, true],
  ['a deal waits for its sector', undefined, [deal('published')], VALID, true],
  ['its deals have ended', undefined, [deal('expired'), deal('terminated')], VALID, false],
  ['nothing was sent yet', earlier(quoted), [], VALID, false],
  ['a provider has bytes of it', earlier(sending), [], VALID, true],
  ['the journal has a deal that runs', earlier(adopted), [deal('active')], VALID, true],
  ['the journal has a deal that has ended', earlier(adopted), [deal('expired')], VALID, false],
])('%s', (_what, state, deals, height, expected) => {
  expect(isGoneOnWith(state, deals, height)).toBe(expected)
})
