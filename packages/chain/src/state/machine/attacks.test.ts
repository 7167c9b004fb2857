/** Rules that stand because of an attack, each tried as that attack. `test/attacks.ts` lists these and those of other files. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import {
  type DealTerms,
  decodeTransaction,
  encodeBeaconEntry,
  encodeTransaction,
  sessionSigner,
  typedDealRenewal,
  typedQuote,
} from '@granary/protocol/messages'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { hexToBytes } from '@noble/hashes/utils.js'
import { claimedAnswer, claimedPiece, claimedSector } from '../../../test/claimed-proofs.ts'
import { createRanch } from '../../../test/life-commands.ts'
import { createMarket } from '../../../test/market.ts'
import { createTestChain, fund, registerProvider, signTerms, termsFor } from '../../../test/test-chain.ts'
import {
  beaconRoundFor,
  dealView,
  providerView,
  randomnessView,
  readHead,
  sectorView,
  signBeaconRound,
} from '../index.ts'

const BEACON_KEY = new Uint8Array(32).fill(7)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-attacks-'))
})
afterAll(() => rm(folder, { recursive: true }))

const bytesOf = (hex: string): Uint8Array => fromHex(hex)

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

/** Short times, and proofs that are taken on the provider's word. */
function claimedMarket(): ReturnType<typeof market> {
  const { real } = createRanch({ stores: 0 })
  return real
}

/** With a deal in a sector that has just been activated. */
function claimedDeal(): ReturnType<typeof market> & { deal: number } {
  const { real } = createRanch({ stores: 1 })
  return { ...real, deal: 1 }
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
  const providerSignature = owner.sign(typedQuote(chain.genesisHash, quote)) as Uint8Array
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
  const { challengeEpoch, skipped, bundle } = await sealer.prove(0)
  const answer = { provider, partition: 0, challengeEpoch, skipped, bundle }
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
  expect(chain.machine.prepareBlock({ ...next, candidates: garbage, beacon: [] })).toEqual([])
  for (const bytes of garbage) expect(chain.machine.processBlock({ ...next, txs: [bytes] }).accept).toBe(false)
  const sound = chain.sign(owner, 'SubmitPost', answer)
  const again = chain.sign(owner, 'SubmitPost', answer, { lane: 1 })
  const candidates = [sound, again]
  expect(chain.machine.prepareBlock({ ...next, candidates, beacon: [] })).toEqual([sound])
})

test('exhausting slots: each partition locks a deposit, and a full chain takes no more', async () => {
  const full = createMarket(join(folder, 'slots'), {
    provingPeriod: 2,
    slotPartitionsMax: 1,
    partitionSectorsMax: 1,
    cutoff: 1_000,
  })
  const { chain, owner, provider, activate } = full
  const before = BigInt(providerView(chain.state, provider)!.collateral.free)
  for (const number of [0, 1]) await activate(number, [], [])
  const { free } = providerView(chain.state, provider)!.collateral
  expect(before - BigInt(free)).toBeGreaterThanOrEqual(2n * chain.genesis.params.partitionDeposit)
  const sectors = [claimedSector(chain, { number: 2, deals: [], expiry: chain.height + 60, pieceCids: [] })]
  expect(chain.send(owner, 'PreCommitSectors', { provider, sectors })).toMatchObject({
    code: 'NO_SLOT',
    retryable: true,
  })
})

test('choosing the seed: the same replica has one seed, and a proof over any other is refused', async () => {
  const { chain, owner, provider, preCommit, sealer } = createMarket(join(folder, 'seed'))
  await preCommit(0, [], [])
  const { seedEpoch } = sectorView(chain.state, provider, 0)!
  chain.advanceTo(seedEpoch!)
  const bundle = await sealer.proveSector(0)
  chain.advance(5)
  // Later, and after another pre-commit, it is still the one of seedDelay epochs after the first.
  const sector = sectorView(chain.state, provider, 0)!
  const again = { ...sector, commD: bytesOf(sector.commD), commR: bytesOf(sector.commR), deals: [] }
  expect(chain.send(owner, 'PreCommitSectors', { provider, sectors: [again] }).code).toBe('SECTOR_NUMBER_USED')
  expect(await sealer.proveSector(0)).toEqual(bundle)
  const other = await sealer.proveSector(0, new Uint8Array(32).fill(1))
  expect(chain.send(owner, 'ProveCommitSector', { provider, number: 0, bundle: other }).code).toMatch(
    /POREP_INVALID|BUNDLE_LENGTH_WRONG/,
  )
  chain.does(owner, 'ProveCommitSector', { provider, number: 0, bundle })
})

test('sealing ahead of the ticket: one of an epoch to come, or too old, is none', async () => {
  const { chain, owner, provider } = createMarket(join(folder, 'ticket'))
  chain.advance(40)
  const preCommit = (ticketEpoch: number): string => {
    const sector = claimedSector(chain, { number: 0, deals: [], expiry: chain.height + 60, pieceCids: [] })
    return chain.machine.checkTx(
      chain.sign(owner, 'PreCommitSectors', { provider, sectors: [{ ...sector, ticketEpoch }] }),
      0,
    ).code
  }
  const { ticketMaxAge } = chain.genesis.params
  const next = chain.height + 1
  expect([next, next + 1, next + 9, next - ticketMaxAge - 1, 0].map(preCommit)).toEqual(Array(5).fill('TICKET_INVALID'))
  expect([chain.height, next - ticketMaxAge].map(preCommit)).toEqual(['OK', 'OK'])
})

test('using a sector number twice: neither before nor after its sector is over', () => {
  const { chain, owner, provider } = claimedMarket()
  const preCommit = (number: number): string => {
    const sector = claimedSector(chain, { number, deals: [], expiry: chain.height + 60, pieceCids: [] })
    return chain.send(owner, 'PreCommitSectors', { provider, sectors: [sector] }).code
  }
  expect([preCommit(3), preCommit(3), preCommit(4), preCommit(2)]).toEqual(['OK', 'SECTOR_NUMBER_USED', 'OK', 'OK'])
  chain.advance(chain.genesis.params.commitExpiry + 1)
  expect(sectorView(chain.state, provider, 3)!.state).toBe('terminated')
  expect([preCommit(3), preCommit(2), preCommit(4), preCommit(5)]).toEqual([
    ...Array(3).fill('SECTOR_NUMBER_USED'),
    'OK',
  ])
})

test('renewing or topping up without a proof: a sector that nobody has proven for two periods keeps no deal', () => {
  const { chain, client, owner, deal } = claimedDeal()
  const { agreementId, endsAt = 0, terms } = dealView(chain.state, deal)!
  const renewal = {
    deal,
    agreementId,
    startsAt: endsAt,
    endsAt: endsAt + 1,
    providerCollateral: BigInt(terms.pricePerEpoch),
    validUntil: 1_000,
  }
  const providerSignature = owner.sign(typedDealRenewal(chain.genesisHash, renewal)) as Uint8Array
  const codes = (): string[] => [
    chain.machine.checkTx(chain.sign(client, 'TopUpDeal', { deal, epochs: 1 }), 0).code,
    chain.machine.checkTx(chain.sign(client, 'RenewDeal', { renewal, providerSignature }), 0).code,
  ]
  expect(codes()).toEqual(['OK', 'OK'])
  chain.advance(2 * chain.genesis.params.provingPeriod)
  expect(codes()).toEqual(['SECTOR_NOT_SOUND', 'SECTOR_NOT_SOUND'])
})

test('publishing and letting lapse: the client has all back, the provider loses what it put up', () => {
  const { chain, client, owner, provider } = claimedMarket()
  const terms = termsFor(chain, client.address, provider, { activateWithin: 3 })
  const before = [chain.balance(client.address), BigInt(providerView(chain.state, provider)!.collateral.free)] as const
  const published = chain.does(client, 'PublishDeal', {
    deals: [{ terms, providerSignature: signTerms(chain, owner, terms) }],
  })
  chain.advance(4)
  const settled = chain.does(client, 'SettleDeals', { deals: [1] })
  expect(dealView(chain.state, 1)!.state).toBe('lapsed')
  expect(chain.balance(client.address)).toBe(before[0] - published.fee - settled.fee)
  const { free, locked } = providerView(chain.state, provider)!.collateral
  expect([BigInt(free), locked]).toEqual([before[1] - terms.providerCollateral, '0'])
})

test('one deal in two sectors: the first pre-commit binds it, until it fails', () => {
  const { chain, client, owner, provider } = claimedMarket()
  const piece = claimedPiece(1)
  const terms = termsFor(chain, client.address, provider, { ...piece, duration: 20, activateWithin: 50 })
  chain.does(client, 'PublishDeal', { deals: [{ terms, providerSignature: signTerms(chain, owner, terms) }] })
  const preCommit = (numbers: readonly number[]): string => {
    const expiry = chain.height + 60
    const sectors = numbers.map((number) =>
      claimedSector(chain, { number, deals: [1], expiry, pieceCids: [piece.pieceCid] }),
    )
    return chain.send(owner, 'PreCommitSectors', { provider, sectors }).code
  }
  expect([preCommit([0, 1]), preCommit([2]), preCommit([3])]).toEqual(['DEAL_NOT_FREE', 'OK', 'DEAL_NOT_FREE'])
  chain.advance(chain.genesis.params.commitExpiry)
  expect(preCommit([4])).toBe('OK')
})

test('a second encoding of a signature: the twin with a high s, or another v, is not one', () => {
  const { chain, client, owner } = market()
  const bytes = chain.sign(client, 'Transfer', { to: owner.address, amount: 1n })
  const { tx, signature } = decodeTransaction(bytes)
  const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = ORDER - BigInt(toHex(signature.slice(32, 64)))
  const twin = new Uint8Array([
    ...signature.slice(0, 32),
    ...hexToBytes(s.toString(16).padStart(64, '0')),
    signature[64]! ^ 1,
  ])
  const eth = signature.with(64, signature[64]! + 27)
  for (const second of [twin, eth]) {
    expect(chain.machine.checkTx(encodeTransaction(tx, second), 0).code).toBe('SIGNATURE_INVALID')
  }
  const { results } = chain.produce([bytes, encodeTransaction(tx, twin), bytes])
  expect(results.filter(({ kind }) => kind === 'Transfer')).toHaveLength(1)
})

test('a session key that makes itself stronger: it authorises and revokes nothing, whatever its scopes', () => {
  const { chain, owner } = market()
  const session = sessionSigner(new Uint8Array(32).fill(9), owner.address)
  const { publicKey } = session
  const grant = { publicKey, scopes: ['Transfer'], expires: 500, spendingLimit: 10n ** 16n }
  for (const scope of ['AuthorizeKey', 'RevokeKey', 'UpdateProvider']) {
    expect([scope, chain.send(owner, 'AuthorizeKey', { ...grant, scopes: [scope] }).code]).toEqual([
      scope,
      'SCOPE_UNKNOWN',
    ])
  }
  chain.does(owner, 'AuthorizeKey', grant)
  const code = (bytes: Uint8Array): string => chain.machine.checkTx(bytes, 0).code
  expect(code(chain.sign(session, 'AuthorizeKey', { ...grant, spendingLimit: 10n ** 18n }))).toBe('KEY_SCOPE_MISSING')
  expect(code(chain.sign(session, 'RevokeKey', { publicKey }))).toBe('KEY_SCOPE_MISSING')
  const tooMuch = { to: chain.faucet.address, amount: 10n ** 16n }
  expect(code(chain.sign(session, 'Transfer', tooMuch))).toBe('SPENDING_LIMIT_REACHED')
})

test('settling twice: the same epochs are paid once, in one message or in two', () => {
  const { chain, client, owner, provider, deal } = claimedDeal()
  const { payout } = providerView(chain.state, provider)!
  for (let block = 0; block < 12; block++) {
    const answer = claimedAnswer(chain, provider, 0)
    chain.produce(answer === undefined ? [] : [chain.sign(owner, 'SubmitPost', answer)])
  }
  const before = chain.balance(payout)
  const paid = BigInt(dealView(chain.state, deal)!.earned)
  expect(paid).toBeGreaterThan(0n)
  chain.produce([
    chain.sign(client, 'SettleDeals', { deals: [deal, deal] }),
    chain.sign(client, 'SettleDeals', { deals: [deal] }, { lane: 1 }),
  ])
  chain.does(client, 'SettleDeals', { deals: [deal, deal] })
  expect(chain.balance(payout) - before).toBe(paid)
})

test('withdrawing before the fee: what is gone is a debt, and whatever becomes free pays it first', () => {
  const { chain, owner, provider } = claimedDeal()
  const free = (): bigint => BigInt(providerView(chain.state, provider)!.collateral.free)
  chain.does(owner, 'WithdrawCollateral', { provider, amount: free() })
  while (!chain.events.some((event) => event.type === 'post:missed')) chain.produce()
  const debt = BigInt(providerView(chain.state, provider)!.collateral.debt)
  expect(debt).toBeGreaterThan(0n)
  chain.does(owner, 'DepositCollateral', { provider, amount: debt - 1n })
  expect(chain.send(owner, 'WithdrawCollateral', { provider, amount: 1n }).code).toBe('INSUFFICIENT_COLLATERAL')
  chain.does(owner, 'DepositCollateral', { provider, amount: 2n })
  expect([free(), providerView(chain.state, provider)!.collateral.debt]).toEqual([1n, '0'])
})
