/** Answers that skip sectors, and what a list costs that is not proven: each rule tried as the attack that it refuses. */
import { profileNamed } from '@granary/proofs/profile'
import type { ChainParams } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import { type ClaimedPartition, createClaimedPartition } from '../../../test/claimed-partition.ts'
import { GRN, publishedIn, signTerms, termsFor } from '../../../test/test-chain.ts'
import { PROFILE } from '../../../test/test-sealer.ts'
import { dealView, providerView, sectorView } from '../index.ts'
import { type FrozenIncome, missFee, skipFee } from '../money/answer-fees.ts'
import { rewardFor } from '../money/rewards.ts'

const { sectorBytes } = profileNamed(PROFILE)

/** Of sectors with deals of these prices, at the rewards of now; the test's power is far below the design size. */
function incomeOf({ chain }: ClaimedPartition, prices: readonly bigint[]): FrozenIncome {
  const { params } = chain.genesis
  const reward = rewardFor(params, { epoch: chain.height, bytes: BigInt(sectorBytes), power: 0n })
  return { sectorBytes, incomes: prices.map((price) => price + reward) }
}

const free = ({ collateral }: ClaimedPartition): bigint => BigInt(collateral().free)

/** What the block charged, for that. */
function charged({ chain }: ClaimedPartition, reason: string): bigint {
  return chain.events
    .filter((event) => event.type === 'provider:charged')
    .filter((event) => event.reason === reason && event.height === chain.height)
    .reduce((sum, { amount }) => sum + BigInt(amount), 0n)
}

describe("in the block of the draw, or inside the window, a list's miss costs what the frozen list earns:", () => {
  const prices = [1_000_000_007n, 5n, 2_000_000_003n]

  // A slot a period, so that each block draws the partition again.
  test.each(['declared', 'terminated'] as const)('declared in the block of the draw, or terminated: %s', (how) => {
    const market = createClaimedPartition({ sectors: 3, prices, params: { provingPeriod: 1 } })
    const { chain, owner, provider, view } = market
    market.untilChallenged()
    const sectors = [0, 1, 2]
    const answer = chain.sign(owner, 'SubmitPost', market.answerBody(), { lane: 9 })
    const leave =
      how === 'declared'
        ? chain.sign(owner, 'DeclareFaults', { provider, partition: 0, sectors }, { lane: 10 })
        : chain.sign(owner, 'TerminateSectors', { provider, sectors }, { lane: 10 })
    chain.produce([answer, leave])
    expect(view().sectors).toEqual([])
    expect(view().challenge).toMatchObject({ epoch: chain.height, sectors: { length: 3 } })
    const { deadline } = view().challenge!
    chain.advanceTo(deadline)
    expect(charged(market, 'PROOF_MISSED')).toBe(missFee(chain.genesis.params, incomeOf(market, prices)))
  })

  test('its deal cancelled in the window', () => {
    const market = createClaimedPartition({ sectors: 3, prices })
    const { chain, client, deals } = market
    const { deadline } = market.untilChallenged()
    market.does('CancelDeal', { deal: deals[0]! }, client)
    market.does('SettleDeals', { deals })
    chain.advanceTo(deadline)
    expect(charged(market, 'PROOF_MISSED')).toBe(missFee(chain.genesis.params, incomeOf(market, prices)))
  })
})

test('one rotten sector of 256 costs that sector', () => {
  const market = createClaimedPartition({ sectors: 256 })
  const { chain, view } = market
  const rotten = 77
  for (let left = 40; left > 0 && view().faultySectors.length === 0; left--) {
    market.untilChallenged()
    if (!market.sampled().includes(rotten)) {
      market.answer()
      continue
    }
    const { power } = view()
    expect(market.code('SubmitPost', market.answerBody([rotten]))).toBe('OK')
    market.answer([rotten])
    const fee = skipFee(chain.genesis.params, incomeOf(market, Array(256).fill(0n)), [rotten])
    expect(charged(market, 'SECTOR_SKIPPED')).toBe(fee)
    expect(power - view().power).toBe(sectorBytes)
  }
  expect(view().faultySectors).toEqual([rotten])
  expect(view().sectors).toHaveLength(255)
  expect(sectorView(chain.state, market.provider, 78)!.state).toBe('active')
  expect(chain.events.filter((event) => event.type === 'post:missed')).toEqual([])
})

describe('no answer:', () => {
  const market = createClaimedPartition({ sectors: 20 })
  const skips = (skipped: readonly number[]): string => market.code('SubmitPost', market.answerBody(skipped))

  test('11 skips of 80 samples; ten are one', () => {
    market.untilChallenged()
    const sampled = market.sampled()
    expect(skips(sampled.slice(0, 11))).toBe('SKIPS_INVALID')
    expect(skips(sampled.slice(0, 10))).toBe('OK')
  })

  test('a skip without a sample, past the list, twice, or out of order', () => {
    const small = createClaimedPartition({ sectors: 40, params: { postSamples: 16 } })
    small.untilChallenged()
    const sampled = small.sampled()
    const other = Array.from({ length: 40 }, (_, position) => position).find((each) => !sampled.includes(each))!
    const [a, b] = sampled as [number, number]
    for (const skipped of [[other], [40], [a, a], [b, a]]) {
      expect([skipped, small.code('SubmitPost', small.answerBody(skipped))]).toEqual([skipped, 'SKIPS_INVALID'])
    }
    expect(small.code('SubmitPost', small.answerBody([a, b]))).toBe('OK')
  })

  test.each([1, 10])('a skip of all %i', (sectors) => {
    const all = createClaimedPartition({ sectors })
    all.untilChallenged()
    const sampled = all.sampled()
    expect(sampled).toHaveLength(sectors)
    expect(all.code('SubmitPost', all.answerBody(sampled))).toBe('SKIPS_INVALID')
  })

  test('skips in a recovery', () => {
    const { chain, provider, view } = market
    market.does('DeclareFaults', { provider, partition: 0, sectors: [3, 4] })
    chain.advance(3)
    while (view().challenge !== undefined) market.answer()
    market.does('RequestRecovery', { provider, partition: 0, sectors: [3, 4] })
    while (view().recovery === undefined) {
      if (view().challenge === undefined) chain.produce()
      else market.answer()
    }
    const body = market.answerBody()
    expect(market.code('SubmitPost', { ...body, challengeEpoch: view().recovery!.epoch, skipped: [0] })).toBe(
      'SKIPS_INVALID',
    )
  })
})

describe('a skipped sector', () => {
  test('is faulty from its last proof on: what it earned since is not minted, and its deal is not paid', () => {
    const market = createClaimedPartition({ sectors: 10, prices: [1_000_000_007n] })
    const { chain, view, client, deals } = market
    const { lastProven } = view()
    market.untilChallenged()
    const { events } = market.answer([0])
    expect(events).toMatchObject([
      { type: 'fault:skipped', sectors: [0] },
      { type: 'reward:forfeited', reason: 'SECTOR_SKIPPED' },
      { type: 'provider:charged', reason: 'SECTOR_SKIPPED' },
      { type: 'reward:credited' },
      { type: 'post:accepted', sectors: 9 },
    ])
    const at = chain.height
    chain.advance(4)
    market.does('SettleDeals', { deals }, client)
    const deal = dealView(chain.state, deals[0]!)!
    const { activatedAt } = sectorView(chain.state, market.provider, 0)!
    expect(deal.provenEpochs).toBe(lastProven! - activatedAt!)
    expect(deal.faultedEpochs).toBeGreaterThanOrEqual(at - lastProven!)
    expect(view()).toMatchObject({ faultySectors: [0], faulty: true })
    // It comes back as any other that is faulty.
    chain.advance(3)
    while (view().challenge !== undefined) market.answer()
    market.does('RequestRecovery', { provider: market.provider, partition: 0, sectors: [] })
    while (view().recovery === undefined) {
      if (view().challenge === undefined) chain.produce()
      else market.answer()
    }
    market.answer()
    expect(view().faultySectors).toEqual([])
  })

  test.each(['declared', 'terminated'] as const)('that was %s inside the window pays for the skip too', (how) => {
    const prices = [1_000_000_007n, 3_000_000_007n]
    const market = createClaimedPartition({ sectors: 10, prices })
    const { chain, provider, view } = market
    market.untilChallenged()
    if (how === 'declared') market.does('DeclareFaults', { provider, partition: 0, sectors: [1] })
    else market.does('TerminateSectors', { provider, sectors: [1] })
    const before = free(market)
    expect(market.code('SubmitPost', market.answerBody([1]))).toBe('OK')
    market.answer([1])
    const list = incomeOf(market, [...prices, ...Array(8).fill(0n)])
    expect(before - free(market)).toBe(skipFee(chain.genesis.params, list, [1]))
    expect(view().sectors.map(({ number }) => number)).not.toContain(1)
  })

  test('whose time is over ends there, its tail unproven', () => {
    const market = createClaimedPartition({ sectors: 4, lasts: 20, prices: [1_000_000_007n], dealEpochs: 20 })
    const { chain, provider, view } = market
    const { expiry } = sectorView(chain.state, provider, 0)!
    while (chain.height < expiry) {
      if (view().challenge === undefined || view().challenge!.deadline > expiry) chain.produce()
      else market.answer()
    }
    market.untilChallenged()
    const { lastProven } = view()
    market.answer([0])
    expect(sectorView(chain.state, provider, 0)!.state).toBe('expired')
    expect(view()?.faultySectors ?? []).toEqual([])
    const { activatedAt = 0 } = sectorView(chain.state, provider, 0)!
    market.does('SettleDeals', { deals: market.deals })
    const deal = dealView(chain.state, market.deals[0]!)!
    expect(deal.provenEpochs).toBe(Math.min(20, lastProven! - activatedAt))
    expect(deal.provenEpochs + deal.faultedEpochs).toBe(20)
  })
})

describe('skipping on credit:', () => {
  /** Nothing vests, so that only collateral covers. */
  const nothingVests: Partial<ChainParams> = { capacityReward: 0n, serviceShareBps: 0 }
  const prices = [10n ** 15n]

  test('a fee that neither collateral nor vesting covers is refused before a block, and taken once it is', () => {
    const market = createClaimedPartition({ sectors: 10, prices, params: nothingVests })
    market.untilChallenged()
    const fee = skipFee(market.chain.genesis.params, incomeOf(market, [...prices, ...Array(9).fill(0n)]), [0])
    market.does('WithdrawCollateral', { provider: market.provider, amount: free(market) - fee + 1n })
    const body = market.answerBody([0])
    expect(market.code('SubmitPost', body)).toBe('SKIP_NOT_COVERED')
    const { txs } = market.chain.blocks.at(-1)!
    market.chain.produce([market.chain.sign(market.owner, 'SubmitPost', body, { lane: 9 })])
    expect(market.chain.blocks.at(-1)!.txs.length).toBeLessThanOrEqual(txs.length)
    expect(market.view().challenge).toBeDefined()
    // It may still prove all, or cover it.
    expect(market.code('SubmitPost', market.answerBody([]))).toBe('OK')
    market.does('DepositCollateral', { provider: market.provider, amount: 1n })
    expect(market.code('SubmitPost', body)).toBe('OK')
    market.answer([0])
    expect(market.collateral()).toMatchObject({ free: '0', debt: '0' })
  })

  test('what still vests covers a debt, and a provider that owes as much may not skip again', () => {
    const market = createClaimedPartition({ sectors: 10, prices: [1_000_000_007n], params: { vesting: 100_000 } })
    const { chain, provider } = market
    const vests = (): bigint => BigInt(providerView(chain.state, provider)!.vesting.locked)
    const feeOf = (position: number): bigint =>
      skipFee(chain.genesis.params, incomeOf(market, [1_000_000_007n, ...Array(9).fill(0n)]), [position])
    while (vests() < feeOf(0)) {
      market.untilChallenged()
      market.answer()
    }
    market.untilChallenged()
    market.does('WithdrawCollateral', { provider, amount: free(market) })
    expect(market.code('SubmitPost', market.answerBody([0]))).toBe('OK')
    const before = vests()
    market.answer([0])
    const debt = BigInt(market.collateral().debt)
    expect(debt).toBeGreaterThan(0n)
    expect(debt).toBeLessThanOrEqual(before)
    // What is left of its cover is less than another skip costs, which the mean of the list makes dear as well.
    market.untilChallenged()
    expect(vests() - BigInt(market.collateral().debt)).toBeLessThan(feeOf(1) * 4n)
    expect(market.code('SubmitPost', market.answerBody([1, 2, 3, 4]))).toBe('SKIP_NOT_COVERED')
  })

  test('while a provider owes, what its deals pay goes to the debt before its payout address, settled or cancelled', () => {
    const market = createClaimedPartition({ sectors: 10, prices, dealEpochs: 200, params: nothingVests })
    const { chain, client, owner, provider, deals } = market
    market.does('WithdrawCollateral', { provider, amount: free(market) })
    const { deadline } = market.untilChallenged()
    chain.advanceTo(deadline)
    const owed = BigInt(market.collateral().debt)
    expect(owed).toBeGreaterThan(10n ** 15n)
    const before = chain.balance(owner.address)
    chain.does(client, 'SettleDeals', { deals })
    const { paid } = dealView(chain.state, deals[0]!)!
    expect(BigInt(paid)).toBeGreaterThan(0n)
    expect(chain.balance(owner.address)).toBe(before)
    expect(BigInt(market.collateral().debt)).toBe(owed - BigInt(paid))
    expect(chain.events.findLast((event) => event.type === 'provider:repaid')).toMatchObject({ amount: paid })

    const given = { providerCollateral: 0n, pricePerEpoch: 10n ** 16n, nonce: 99n, duration: 1_000 }
    const terms = termsFor(chain, client.address, provider, given)
    market.does('DepositCollateral', { provider, amount: BigInt(market.collateral().debt) + 10n * GRN }, client)
    const signed = { ...terms, providerCollateral: 2n * 10n ** 18n }
    const body = { deals: [{ terms: signed, providerSignature: signTerms(chain, owner, signed) }] }
    const deal = publishedIn(chain.does(client, 'PublishDeal', body).events)[0]!
    market.does('WithdrawCollateral', { provider, amount: free(market) })
    while (market.view() !== undefined && BigInt(market.collateral().debt) === 0n) chain.produce()
    const owes = BigInt(market.collateral().debt)
    const balance = chain.balance(owner.address)
    chain.does(client, 'CancelDeal', { deal })
    const share = BigInt(dealView(chain.state, deal)!.paid)
    expect(share).toBeGreaterThan(0n)
    const toDebt = share < owes ? share : owes
    expect(BigInt(market.collateral().debt)).toBe(owes - toDebt)
    expect(chain.balance(owner.address) - balance).toBe(share - toDebt)
  })
})

test('the pay of a deal leaves the income of its sector when the deal is closed', () => {
  const prices = [1_000_000_007n, 1_000_000_007n]
  const market = createClaimedPartition({ sectors: 3, prices, dealEpochs: 30 })
  const { chain, deals, view } = market
  const { endsAt = 0 } = dealView(chain.state, deals[0]!)!
  while (view().lastProven! < endsAt) {
    market.untilChallenged()
    market.answer()
  }
  market.does('SettleDeals', { deals: deals.slice(0, 1) })
  expect(dealView(chain.state, deals[0]!)!.state).toBe('expired')
  const { deadline } = market.untilChallenged()
  chain.advanceTo(deadline)
  const list = incomeOf(market, [0n, 1_000_000_007n, 0n])
  expect(charged(market, 'PROOF_MISSED')).toBe(missFee(chain.genesis.params, list))
})
