import { toHex } from '@granary/base'
import { createChainClient, type DealState } from '@granary/protocol/client'
import { dealTermsDigest, dealTermsToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aProvider, clientSigner, someTerms } from '../../test/a-deal.ts'
import { genesisHash, serveChain, statusView } from '../../test/chain-answers.ts'
import { memoryJournal } from '../memory/memory-journal.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import { runUpload } from './run-upload.ts'
import type { UploadRun } from './upload-run.ts'

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const terms = someTerms({ rootCid })
const agreementId = toHex(dealTermsDigest(genesisHash, terms))
const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }

test.each<[DealState, string, boolean]>([
  ['cancelled', 'DEAL_ENDED', false],
  ['expired', 'DEAL_ENDED', false],
  ['lapsed', 'DEAL_LAPSED', true],
  ['terminated', 'DEAL_ENDED', true],
])(
  'a deal that is %s while it is followed ends with %s; another one is looked for: %s',
  async (state, code, isAnew) => {
    const deal = { id: 5, agreementId, terms: dealTermsToJson(terms), state, ...money, ...epochs }
    await using served = await serveChain(() => ({ deals: [deal], providers: [aProvider('http://127.0.0.1:1')] }))
    const ports = memoryPorts({ chain: createChainClient({ url: served.url }), account: clientSigner })
    await using log = await memoryJournal().open(genesisHash, rootCid)
    const pieces = [{ payloadSize: terms.payloadSize, pieceSize: terms.pieceSize }]
    const places = [{ piece: 0, copy: 0 }]
    await log.append({ type: 'opened', genesisHash, rootCid, name: 'f', fileBytes: 1, duration: 100, pieces, places })
    const adopted = { provider: terms.provider, terms: dealTermsToJson(terms), agreementId, dealId: 5, active: false }
    await log.append({ type: 'slot:adopted', slot: 0, ...adopted })
    let isLookedFor = false
    const run: UploadRun = {
      ...{ ports, status: statusView, log, label: '', collateralShareBps: undefined, provider: undefined },
      ...{
        order: { until: 0, from: 0 },
        maxPrice: undefined,
        feesPerDeal: 0n,
        skipped: new Set(),
        dealFees: new Map(),
      },
      ...{ met: new Map(), refusals: new Map(), withdrawn: new Set(), namings: new Map(), tokens: new Map() },
      report: () => undefined,
      compare: () => Promise.resolve(),
      survey() {
        isLookedFor = true
        return Promise.resolve({
          now: { height: 100, timeMs: 0, blockTimeMs: 500 },
          providers: [],
          candidates: [],
          refusals: [],
        })
      },
    }
    const failures = await runUpload(run, 'active', {})
    expect([isLookedFor, log.state?.slots[0]?.state]).toEqual(isAnew ? [true, 'vacant'] : [false, 'published'])
    expect(failures.get(0)).toMatchObject({ code })
  },
)
