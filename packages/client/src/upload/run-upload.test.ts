import { GranaryError, toHex } from '@granary/base'
import { ChainUnreachableError, createChainClient, type DealState, type DealView } from '@granary/protocol/client'
import { dealTermsDigest, dealTermsToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aProvider, clientSigner, someTerms } from '../../test/a-deal.ts'
import { genesisHash, serveChain, statusView } from '../../test/chain-answers.ts'
import type { CallOptions } from '../call-options.ts'
import type { UploadLog } from '../journal/create-upload-log.ts'
import { memoryJournal } from '../memory/memory-journal.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import { passOn } from './pass-on.ts'
import { runUpload } from './run-upload.ts'
import type { UploadRun } from './upload-run.ts'

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const terms = someTerms({ rootCid })
const agreementId = toHex(dealTermsDigest(genesisHash, terms))
const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }

const dealThat = (state: DealState): DealView => ({
  ...{ id: 5, agreementId, terms: dealTermsToJson(terms), state, ...money, ...epochs },
})

/** Whose only deal is on the chain. */
async function publishedUpload(): Promise<UploadLog> {
  const log = await memoryJournal().open(genesisHash, rootCid)
  const pieces = [{ payloadSize: terms.payloadSize, pieceSize: terms.pieceSize }]
  const places = [{ piece: 0, copy: 0 }]
  await log.append({ type: 'opened', genesisHash, rootCid, name: 'f', fileBytes: 1, duration: 100, pieces, places })
  const adopted = { provider: terms.provider, terms: dealTermsToJson(terms), agreementId, dealId: 5, active: false }
  await log.append({ type: 'slot:adopted', slot: 0, ...adopted })
  return log
}

function runOf(url: string, log: UploadLog, changes: Partial<UploadRun>): UploadRun {
  const ports = memoryPorts({ chain: createChainClient({ url }), account: clientSigner })
  return {
    ...{ ports, status: statusView, log, label: '', collateralShareBps: undefined, provider: undefined },
    ...{ order: { until: 0, from: 0 }, maxPrice: undefined, feesPerDeal: 0n, skipped: new Set(), dealFees: new Map() },
    ...{ met: new Map(), refusals: new Map(), forgotten: new Map(), withdrawn: new Set() },
    ...{ namings: new Map(), tokens: new Map() },
    report: () => undefined,
    compare: () => Promise.resolve(),
    survey: () => Promise.reject(new Error('nobody is looked for')),
    ...changes,
  }
}

test.each<[DealState, string, boolean]>([
  ['cancelled', 'DEAL_ENDED', false],
  ['expired', 'DEAL_ENDED', false],
  ['lapsed', 'DEAL_LAPSED', true],
  ['terminated', 'DEAL_ENDED', true],
])(
  'a deal that is %s while it is followed ends with %s; another one is looked for: %s',
  async (state, code, isAnew) => {
    await using served = await serveChain(() => ({
      deals: [dealThat(state)],
      providers: [aProvider('http://127.0.0.1:1')],
    }))
    await using log = await publishedUpload()
    let isLookedFor = false
    const run = runOf(served.url, log, {
      survey() {
        isLookedFor = true
        const now = { height: 100, timeMs: 0, blockTimeMs: 500 }
        return Promise.resolve({ now, providers: [], candidates: [], refusals: [] })
      },
    })
    const failures = await runUpload(run, 'active', {})
    expect([isLookedFor, log.state?.slots[0]?.state]).toEqual(isAnew ? [true, 'vacant'] : [false, 'published'])
    expect(failures.get(0)).toMatchObject({ code })
  },
)

test('a put that is stopped when all is done is done: nobody is told to repeat it', async () => {
  await using log = await publishedUpload()
  const run = runOf('http://127.0.0.1:1', log, {})
  const signal = AbortSignal.abort(new Error('stopped'))
  expect(await runUpload(run, 'published', { signal })).toEqual(new Map())
  await expect(runUpload(run, 'active', { signal })).rejects.toThrow('stopped')
})

test('a put that is stopped for a reason of its own is not told of as a deal that failed', async () => {
  await using served = await serveChain(() => ({
    deals: [dealThat('published')],
    providers: [aProvider('http://127.0.0.1:1')],
  }))
  await using log = await publishedUpload()
  const stop = new AbortController()
  const report = () => stop.abort(new Error('enough'))
  const stopped = runUpload(runOf(served.url, log, { report }), 'active', { signal: stop.signal })
  await expect(stopped).rejects.toThrow('enough')
})

test('when a put has ended nothing more is said of a provider that is away', async () => {
  let state: DealState = 'published'
  const isAsked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  await using served = await serveChain(() => ({
    ...{ deals: [dealThat(state)], providers: [aProvider('http://127.0.0.1:1')] },
  }))
  await using log = await publishedUpload()
  const told: string[] = []
  const run = runOf(served.url, log, { report: ({ type }) => void told.push(type) })
  const { chain, clock } = run.ports
  let asked = 0
  const slow = {
    ...chain,
    // The first is who follows the deal; the second, of the provider that is away, is answered when the put is over.
    async deal(id: number, options?: CallOptions) {
      asked += 1
      if (asked !== 2) return await chain.deal(id, options)
      isAsked.resolve()
      await answer.promise
      return dealThat('published')
    },
  }
  // As soon as it is asked the deal is active.
  const hasty = {
    ...clock,
    async sleep(ms: number, signal?: AbortSignal) {
      await isAsked.promise
      state = 'active'
      await clock.sleep(Math.min(ms, 1), signal)
    },
  }
  await runUpload({ ...run, ports: { ...run.ports, chain: slow, clock: hasty } }, 'active', {})
  answer.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual(['active'])
})

test('a chain that lists a deal and hides it is asked again after pauses that grow, and not for ever', async () => {
  await using served = await serveChain(() => ({
    deals: [dealThat('published')],
    providers: [aProvider('http://127.0.0.1:1')],
  }))
  await using log = await publishedUpload()
  const told: string[] = []
  let compared = 0
  const compare = async () => {
    compared += 1
  }
  const run = runOf(served.url, log, { compare, report: ({ type }) => void told.push(type) })
  const { chain, clock } = run.ports
  const hiding = {
    ...chain,
    deal: () => Promise.reject(GranaryError.fromWire({ code: 'DEAL_NOT_FOUND', message: 'there is no deal 5' })),
  }
  const pausesMs: number[] = []
  const hasty = {
    ...clock,
    async sleep(ms: number, signal?: AbortSignal) {
      // What is less is a provider that is asked again.
      if (ms >= 1_000) pausesMs.push(ms)
      await clock.sleep(1, signal)
    },
  }
  const failures = await runUpload({ ...run, ports: { ...run.ports, chain: hiding, clock: hasty } }, 'active', {})
  expect(failures.get(0)).toMatchObject({ code: 'DEAL_FORGOTTEN' })
  expect([pausesMs, compared]).toEqual([[1_000, 2_000, 3_000, 4_000, 5_000], 5])
  expect(told.filter((type) => type === 'waiting')).toHaveLength(5)
})

/** Whose only slot is with provider 1000, which has named no price yet. */
async function chosenUpload(): Promise<UploadLog> {
  const log = await memoryJournal().open(genesisHash, rootCid)
  const pieces = [{ payloadSize: terms.payloadSize, pieceSize: terms.pieceSize }]
  const places = [{ piece: 0, copy: 0 }]
  await log.append({ type: 'opened', genesisHash, rootCid, name: 'f', fileBytes: 1, duration: 100, pieces, places })
  await log.append({ type: 'slot:chosen', slot: 0, provider: terms.provider })
  return log
}

test.each(['CHAIN_UNREACHABLE', 'PRICE_ABOVE_MAX', 'NO_PROVIDER', 'INSUFFICIENT_FUNDS'] as const)(
  'a provider that answers %s is passed over: only what this side finds ends a slot',
  async (code) => {
    await using log = await chosenUpload()
    const run = runOf('http://127.0.0.1:1', log, {})
    const said = GranaryError.fromWire({ code, message: 'so says the provider' })
    await passOn(run, { step: 'quote', slot: 0 }, said, {})
    expect(run.refusals.get(0)?.get(terms.provider)).toBe(said)
    const own = new ChainUnreachableError('http://127.0.0.1:1', 'nobody there')
    await expect(passOn(run, { step: 'quote', slot: 0 }, own, {})).rejects.toBe(own)
  },
)

test.each([
  [0n, 'CLIENT_FUNDS_INSUFFICIENT'],
  [10n ** 30n, undefined],
])(
  'with a balance of %s attoGRN a provider that says it is too little is passed over or not: %s',
  async (balance, code) => {
    await using log = await chosenUpload()
    const run = runOf('http://127.0.0.1:1', log, {})
    const view = aProvider('http://127.0.0.1:1')
    const fees = { feeBase: 1n, feeByte: 0n, feeUnit: 0n, feeProving: 0n }
    const chain = {
      ...run.ports.chain,
      account: async () => ({ balance: `${balance}`, exists: true }) as never,
      fees: async () => fees,
      params: async () => ({ accountFee: 5n }) as never,
    }
    run.met.set(0, { view } as never)
    const said = GranaryError.fromWire({ code: 'CLIENT_FUNDS_INSUFFICIENT', message: 'too poor' })
    const passed = passOn({ ...run, ports: { ...run.ports, chain } }, { step: 'quote', slot: 0 }, said, {})
    if (code === undefined) await passed
    else await expect(passed).rejects.toMatchObject({ code })
    expect(run.refusals.has(0)).toBe(code === undefined)
  },
)
