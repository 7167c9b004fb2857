/**
 * Rules that stand because of an attack, each tried as that attack. Those inside a window stand in faults.test.ts and
 * challenges.test.ts, those on deals in deal-changes.test.ts and sectors.test.ts, those on rewards in rewards.test.ts, slow
 * blocks in slow-chain.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMarket } from '../../test/market.ts'
import { createTestChain, fund, registerProvider, signTerms, termsFor } from '../../test/test-chain.ts'
import { type DealTerms, encodeBeaconEntry, quoteDigest } from '../messages/index.ts'
import {
  beaconRoundFor,
  dealView,
  providerView,
  randomnessView,
  readHead,
  sectorView,
  signBeaconRound,
} from './index.ts'

const BEACON_KEY = new Uint8Array(32).fill(7)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-attacks-'))
})
afterAll(() => rm(folder, { recursive: true }))

function market(): {
  chain: ReturnType<typeof createTestChain>
  client: ReturnType<typeof fund>
  owner: ReturnType<typeof fund>
  provider: number
} {
  const chain = createTestChain()
  const [client, owner] = [fund(chain, 2), fund(chain, 3)]
  return { chain, client, owner, provider: registerProvider(chain, owner) }
}

test('choosing among beacon rounds: a block with any but the round of its epoch is refused', () => {
  const chain = createTestChain({ blockTimeMs: 5_000 })
  chain.advance(3)
  const head = readHead(chain.state)
  const block = { height: head.height + 1, timeMs: head.timeMs + 5_000 }
  const wanted = beaconRoundFor(chain.genesis, head.timeMs)
  const verdict = (round: number): boolean => {
    const signature = signBeaconRound(BEACON_KEY, round)
    return chain.machine.processBlock({ ...block, txs: [encodeBeaconEntry({ round, signature })] }).accept
  }
  expect([wanted - 1, wanted + 1, wanted + 2].map(verdict)).toEqual([false, false, false])
  expect(verdict(wanted)).toBe(true)
})

test('preparing for a challenge: what an epoch draws is not known in the block before it', () => {
  const chain = createTestChain({ blockTimeMs: 5_000 })
  const drawn = new Set<string>()
  for (let count = 0; count < 20; count++) {
    const query = { tag: 'SLOT', epoch: chain.height + 1, provider: 0, sector: 0 } as const
    expect(randomnessView(chain.state, query)).toBeUndefined()
    chain.produce()
    drawn.add(randomnessView(chain.state, query)!)
  }
  expect(drawn.size).toBe(20)
})

test('publishing a quote as terms: a signature over a price is none over a deal', () => {
  const { chain, client, owner, provider } = market()
  const terms = termsFor(chain, client.address, provider)
  const { pieceSize, duration, pricePerEpoch, providerCollateral, activateWithin, validUntil } = terms
  const total = pricePerEpoch * BigInt(duration)
  const common = { client: client.address, provider, pieceSize, duration, pricePerEpoch, total }
  const quote = { quoteId: 'q', ...common, networkFee: 0n, providerCollateral, activateWithin, validUntil }
  const providerSignature = owner.sign(quoteDigest(chain.genesisHash, quote)) as Uint8Array
  const { code } = chain.send(client, 'PublishDeal', { deals: [{ terms, providerSignature }] })
  expect(code).toBe('DEAL_SIGNATURE_INVALID')
})

test('publishing at the last moment: the time to seal counts from the block of the publication', () => {
  const { chain, client, owner, provider } = market()
  const publish = (terms: DealTerms): string => {
    const deals = [{ terms, providerSignature: signTerms(chain, owner, terms) }]
    return chain.send(client, 'PublishDeal', { deals }).code
  }
  const validUntil = chain.height + 10
  const [first, second] = [1n, 2n].map((nonce) => termsFor(chain, client.address, provider, { validUntil, nonce }))
  chain.advanceTo(validUntil - 1)
  expect(publish(first!)).toBe('OK')
  expect(dealView(chain.state, 1)!.lapsesAt).toBe(validUntil + first!.activateWithin)
  expect(publish(second!)).toBe('DEAL_TERMS_EXPIRED')
})

test('sizes that differ from the piece CID: a client pays for what it stores, a provider stores what it signed', () => {
  const { chain, client, owner, provider } = market()
  for (const given of [{ pieceSize: 512 }, { pieceSize: 2_048 }, { payloadSize: 999 }, { payloadSize: 1_001 }]) {
    const terms = termsFor(chain, client.address, provider, given)
    const deals = [{ terms, providerSignature: signTerms(chain, owner, terms) }]
    expect(chain.send(client, 'PublishDeal', { deals }).code).toBe('DEAL_SIZE_MISMATCH')
  }
})

test('replaying a signature on another chain: a transaction is of one genesis, and so are terms', () => {
  const { chain, client, owner, provider } = market()
  const elsewhere = createTestChain({ params: { cutoff: 9 } })
  fund(elsewhere, 2)
  const otherOwner = fund(elsewhere, 3)
  expect(registerProvider(elsewhere, otherOwner)).toBe(provider)
  const transfer = chain.sign(client, 'Transfer', { to: owner.address, amount: 1n })
  expect(elsewhere.machine.checkTx(transfer, 0).code).not.toBe('OK')
  const terms = termsFor(chain, client.address, provider)
  const deals = [{ terms, providerSignature: signTerms(chain, owner, terms) }]
  expect(elsewhere.send(client, 'PublishDeal', { deals }).code).toBe('DEAL_SIGNATURE_INVALID')
})

test('filling the reserved half with garbage: only what can be right enters a block, from the provider alone', async () => {
  const { chain, owner, client, provider, activate, sealer } = createMarket(join(folder, 'garbage'))
  await activate(0, [], [])
  while (!chain.events.some(({ type, height }) => type === 'challenge:opened' && height === chain.height)) {
    chain.produce()
  }
  const { challengeEpoch, bundle } = await sealer.prove(0)
  const answer = { provider, partition: 0, challengeEpoch, bundle }
  const garbage = [
    chain.sign(client, 'SubmitPost', answer),
    chain.sign(owner, 'SubmitPost', { ...answer, bundle: bundle.slice(1) }),
    chain.sign(owner, 'SubmitPost', { ...answer, challengeEpoch: challengeEpoch - 1 }),
    chain.sign(owner, 'SubmitPost', { ...answer, partition: 1 }),
    chain.sign(client, 'DeclareFaults', { provider, partition: 0, sectors: [0] }),
    chain.sign(owner, 'DeclareFaults', { provider, partition: 0, sectors: [1] }),
    chain.sign(owner, 'DeclareFaults', { provider, partition: 0, sectors: [0, 0] }),
    chain.sign(owner, 'RequestRecovery', { provider, partition: 0, sectors: [] }),
    chain.sign(client, 'RequestRecovery', { provider, partition: 0, sectors: [0] }),
  ]
  const { height, timeMs } = readHead(chain.state)
  const next = { height: height + 1, timeMs: timeMs + 500 }
  expect(chain.machine.prepareBlock({ ...next, candidates: garbage, beacon: undefined })).toEqual([])
  for (const bytes of garbage) expect(chain.machine.processBlock({ ...next, txs: [bytes] }).accept).toBe(false)
  const sound = chain.sign(owner, 'SubmitPost', answer)
  const again = chain.sign(owner, 'SubmitPost', answer, { lane: 1 })
  const candidates = [sound, again]
  expect(chain.machine.prepareBlock({ ...next, candidates, beacon: undefined })).toEqual([sound])
})

test('exhausting slots: each partition locks a deposit, and a full chain takes no more', async () => {
  const full = createMarket(join(folder, 'slots'), {
    provingPeriod: 2,
    slotPartitionsMax: 1,
    partitionSectorsMax: 1,
    cutoff: 1_000,
  })
  const { chain, owner, provider, activate, preCommit, sealer } = full
  const before = BigInt(providerView(chain.state, provider)!.collateral.free)
  for (const number of [0, 1]) await activate(number, [], [])
  const { free } = providerView(chain.state, provider)!.collateral
  expect(before - BigInt(free)).toBeGreaterThanOrEqual(2n * chain.genesis.params.partitionDeposit)
  await preCommit(2, [], [])
  chain.advanceTo(sectorView(chain.state, provider, 2)!.seedEpoch)
  const bundle = await sealer.proveSector(2)
  expect(chain.send(owner, 'ProveCommitSector', { provider, number: 2, bundle })).toMatchObject({
    code: 'NO_SLOT',
    retryable: true,
  })
})
