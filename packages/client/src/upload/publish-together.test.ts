/** Deals of one put on a real chain: those that are ready together are one message, and one that is refused keeps no other. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GranaryError, toHex } from '@granary/base'
import { pieceOf } from '@granary/content'
import { ChainTxError } from '@granary/protocol/client'
import {
  accountSigner,
  type DealTerms,
  dealTermsDigest,
  dealTermsToJson,
  quoteToJson,
  type Signer,
  typedDealTerms,
} from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, registerProvider, startDevnet, type TestProvider } from '../../../provider/test/start-devnet.ts'
import { aQuote, someTerms } from '../../test/a-deal.ts'
import { publishDeal, publishDeals } from '../deals/publish-deal.ts'
import type { UploadLog } from '../journal/create-upload-log.ts'
import { memoryJournal } from '../memory/memory-journal.ts'
import { memoryPorts } from '../memory/memory-ports.ts'
import type { Chain } from '../ports.ts'
import type { PutProgress } from './put-progress.ts'
import { runUpload } from './run-upload.ts'

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
let folder: string
let devnet: Devnet
let provider: TestProvider
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-together-'))
  devnet = await startDevnet(folder)
  provider = await registerProvider(devnet.chain, { name: '2KiB-test', sectorBytes: 2_048 })
}, 60_000)
afterAll(async () => {
  await devnet?.stop()
  await rm(folder, { recursive: true })
})

interface Agreed {
  readonly log: UploadLog
  readonly account: Signer
  readonly terms: readonly DealTerms[]
  readonly signatures: readonly Uint8Array[]
}

async function* chunksOf(bytes: Uint8Array) {
  yield bytes
}

/** An upload whose slots are all agreed on. @param signers of the terms: one that is not the provider's is refused */
async function agreedUpload(signers: readonly Signer[], content: { rootCid?: string } = { rootCid }): Promise<Agreed> {
  const { chain } = devnet
  const account = accountSigner(new Uint8Array(randomBytes(32)))
  await chain.faucet(account.address)
  const { genesisHash, height } = await chain.status()
  const log = await memoryJournal().open(genesisHash, rootCid)
  const pieces = signers.map(() => ({ payloadSize: 900, pieceSize: 1_024 }))
  const places = pieces.map((_, piece) => ({ piece, copy: 0 }))
  await log.append({ type: 'opened', genesisHash, rootCid, name: 'f', fileBytes: 1, duration: 100, pieces, places })
  const terms: DealTerms[] = []
  const signatures: Uint8Array[] = []
  for (const [slot, signer] of signers.entries()) {
    const { pieceCid } = await pieceOf(chunksOf(new Uint8Array(randomBytes(900))))
    const deal = someTerms({
      ...{ client: account.address, provider: provider.id, validUntil: height + 1_000, nonce: BigInt(slot) },
      pieceCid,
      ...content,
    })
    const signature = await signer.sign(typedDealTerms(genesisHash, deal))
    const agreementId = toHex(dealTermsDigest(genesisHash, deal))
    await log.append({ type: 'slot:chosen', slot, provider: provider.id })
    await log.append({ type: 'slot:quoted', slot, quote: quoteToJson(aQuote()) })
    await log.append({ type: 'slot:upload-opened', slot, uploadUrl: 'u' })
    await log.append({ type: 'slot:uploaded', slot })
    await log.append({ type: 'slot:offered', slot, terms: dealTermsToJson(deal), agreementId })
    await log.append({ type: 'slot:agreed', slot, providerSignature: toHex(signature) })
    terms.push(deal)
    signatures.push(signature)
  }
  return { log, account, terms, signatures }
}

async function publishAll({ log, account }: Agreed, maxPrice?: bigint, chain: Chain = devnet.chain) {
  const told: PutProgress[] = []
  const run = {
    ...{ ports: memoryPorts({ chain, account }), status: await chain.status(), log, label: '', maxPrice },
    ...{ collateralShareBps: undefined, order: { until: 0, from: 0 }, provider: undefined, feesPerDeal: 10n ** 15n },
    ...{ dealFees: new Map(), skipped: new Set<never>(), met: new Map(), refusals: new Map() },
    ...{ forgotten: new Map<number, number>() },
    ...{ withdrawn: new Set<never>(), namings: new Map(), tokens: new Map() },
    report: (progress: PutProgress) => void told.push(progress),
    survey: () => Promise.reject(new Error('nobody is looked for')),
    compare: () => Promise.resolve(),
  }
  const before = (await chain.account(account.address)).sequences[0] ?? 0
  const failures = await runUpload(run, 'published', {})
  const messages = ((await chain.account(account.address)).sequences[0] ?? 0) - before
  return { failures, messages, told, deals: await Array.fromAsync(chain.deals({ client: account.address })) }
}

test('deals that are ready together are published by one message, which is held to what may be spent', async () => {
  const upload = await agreedUpload(Array.from({ length: 7 }, () => provider.owner))
  const price = 7n * (1024n * 100n + 10n ** 15n)
  const { failures, messages, told, deals } = await publishAll(upload, price)
  expect({ failures: [...failures], messages }).toEqual({ failures: [], messages: 1 })
  expect(deals.map(({ agreementId }) => agreementId)).toEqual(
    upload.log.state?.slots.map((slot) => 'agreementId' in slot && slot.agreementId),
  )
  expect(told.map(({ type }) => type)).toEqual(Array(7).fill('published'))
  expect(upload.log.state?.slots.map((slot) => 'dealId' in slot && slot.dealId)).toEqual(deals.map(({ id }) => id))
})

test('one that the chain refuses keeps no other from it, and one that it has already is not paid again', async () => {
  const { owner } = provider
  const stranger = accountSigner(new Uint8Array(randomBytes(32)))
  const upload = await agreedUpload([owner, stranger, owner, owner])
  const { chain } = devnet
  const { genesisHash } = await chain.status()
  const [terms, providerSignature] = [upload.terms[2]!, upload.signatures[2]!]
  // By a run that was killed before it could write it down.
  const earlier = await publishDeal({ chain, signer: upload.account, genesisHash, terms, providerSignature })
  const { failures, deals } = await publishAll(upload)
  expect([...failures].map(([slot, error]) => [slot, error])).toMatchObject([[1, { code: 'DEAL_SIGNATURE_INVALID' }]])
  expect(deals).toHaveLength(3)
  expect(upload.log.state?.slots.map(({ state }) => state)).toEqual(['published', 'agreed', 'published', 'published'])
  expect(upload.log.state?.slots[2]).toMatchObject({ dealId: earlier.id })
})

test('deals that name no content are looked for as those of their client', async () => {
  const { owner } = provider
  const { account, terms, signatures } = await agreedUpload([owner, owner], {})
  const { chain } = devnet
  const { genesisHash } = await chain.status()
  const deals = terms.map((deal, place) => ({ terms: deal, providerSignature: signatures[place]! }))
  const found = await publishDeals({ chain, signer: account, genesisHash, deals }, {})
  expect(found).toEqual({ deals: [expect.objectContaining({}), expect.objectContaining({})] })
  expect(await publishDeals({ chain, signer: account, genesisHash, deals }, {})).toEqual(found)
})

/** A chain that counts what it is sent. */
function counting(chain: Chain, submit = chain.submit) {
  const counted = { messages: 0 }
  const counts: Chain['submit'] = (bytes, options) => {
    counted.messages += 1
    return submit(bytes, options)
  }
  return { counted, chain: { ...chain, submit: counts } }
}

test('of many deals the one that is refused is found by halves', async () => {
  const stranger = accountSigner(new Uint8Array(randomBytes(32)))
  const signers = Array.from({ length: 16 }, (_, index) => (index === 5 ? stranger : provider.owner))
  const upload = await agreedUpload(signers)
  const { counted, chain } = counting(devnet.chain)
  const { failures, deals } = await publishAll(upload, undefined, chain)
  expect([...failures]).toMatchObject([[5, { code: 'DEAL_SIGNATURE_INVALID' }]])
  expect(deals).toHaveLength(15)
  expect(counted.messages).toBe(9)
})

test('the fee of a message that fails in a block counts as spent', async () => {
  const upload = await agreedUpload(Array.from({ length: 3 }, () => provider.owner))
  await upload.log.append({ type: 'price:agreed', maxPrice: `${10n ** 18n}` })
  // What a node lets into its pool fails only by what comes before it in the block.
  const tx = { id: upload.log.state!.genesisHash, height: 1, kind: 'PublishDeal', events: [], executionMs: 0 } as const
  const failed = new ChainTxError({ ...tx, code: 'INSUFFICIENT_COLLATERAL', fee: '1234' })
  let isFirst = true
  const { chain, counted } = counting(devnet.chain, async (bytes, options) => {
    if (!isFirst) return await devnet.chain.submit(bytes, options)
    isFirst = false
    throw failed
  })
  const { failures, deals } = await publishAll(upload, 10n ** 18n, chain)
  expect([failures.size, deals.length, counted.messages]).toEqual([0, 3, 3])
  expect(upload.log.state?.spending?.lost).toBe('1234')
})

test('what is no fault of a deal is one for all of them: they are not sent one by one', async () => {
  const expired = { code: 'TX_EXPIRED', message: 'its blocks were full', hint: 'sign it anew' } as const
  const upload = await agreedUpload(Array.from({ length: 3 }, () => provider.owner))
  const submit = () => Promise.reject(new GranaryError(expired))
  const { counted, chain } = counting(devnet.chain, submit)
  const { failures } = await publishAll(upload, undefined, chain)
  expect([...failures]).toMatchObject([0, 1, 2].map((slot) => [slot, { code: 'TX_EXPIRED' }]))
  expect(counted.messages).toBe(1)
})
