/** Who leaves a deal before its end: the client while the data is faulty, the provider at any time. */
import { describe, expect, test } from '@jest/globals'
import { type ClaimedFarm, createClaimedFarm } from '../../../test/claimed-farm.ts'
import { dealView, providerView, recount, sectorView } from '../index.ts'

const PRICE = 1_000_000_007n
const COLLATERAL = 40n * PRICE
const terms = { pricePerEpoch: PRICE, providerCollateral: COLLATERAL, duration: 100 }
const view = ({ chain }: ClaimedFarm, deal: number) => dealView(chain.state, deal)!
const free = ({ chain, provider }: ClaimedFarm): bigint => BigInt(providerView(chain.state, provider)!.collateral.free)

function declared(): ClaimedFarm & { readonly deal: number } {
  const farm = createClaimedFarm()
  const deal = farm.store(terms)
  farm.prove(15)
  const { chain, owner, provider } = farm
  chain.does(owner, 'DeclareFaults', { provider, partition: 0, sectors: [0] })
  return { ...farm, deal }
}

describe('cancelling while the data is faulty', () => {
  test('pays the provider no share: the rest is back at once, and the collateral stays locked', () => {
    const farm = declared()
    const { chain, client, owner, deal } = farm
    const before = [chain.balance(client.address), chain.balance(owner.address)] as const
    const { endsAt = 0, settledThrough } = view(farm, deal)
    const { fee } = chain.does(client, 'CancelDeal', { deal })
    const rest = PRICE * BigInt(endsAt - chain.height)
    const { state, claim, locked, paid } = view(farm, deal)
    expect([state, claim]).toEqual(['cancelled', String(rest)])
    expect(chain.balance(client.address)).toBeGreaterThanOrEqual(before[0] + rest - fee)
    // What was proven until then is paid, and no more.
    expect(chain.balance(owner.address) - before[1]).toBe(BigInt(paid))
    expect(BigInt(locked)).toBeLessThan(PRICE * BigInt(chain.height - settledThrough))
    expect(farm.codeOf(client, 'CancelDeal', { deal })).toBe('DEAL_OVER')
  })

  test('recovered within the grace, the collateral is free as if the client had stayed', () => {
    const farm = declared()
    const { chain, client, owner, provider, deal } = farm
    chain.does(client, 'CancelDeal', { deal })
    chain.does(owner, 'RequestRecovery', { provider, partition: 0, sectors: [0] })
    farm.prove(8)
    expect(sectorView(chain.state, provider, 0)!.state).toBe('active')
    farm.prove(20)
    const before = [chain.balance(client.address), free(farm)] as const
    const { fee } = chain.does(client, 'SettleDeals', { deals: [deal] })
    expect(view(farm, deal)).toMatchObject({ state: 'cancelled', locked: '0', compensated: '0' })
    expect(chain.balance(client.address) + fee).toBeGreaterThanOrEqual(before[0])
    expect(free(farm) - before[1]).toBe(COLLATERAL)
  })

  test('recovered later, the claim is paid from the collateral; while it is being proven again nobody cancels', () => {
    const farm = declared()
    const { chain, client, owner, provider, deal } = farm
    chain.does(client, 'CancelDeal', { deal })
    const claim = BigInt(view(farm, deal).claim!)
    farm.prove(14)
    const other = farm.store(terms)
    chain.does(owner, 'RequestRecovery', { provider, partition: 0, sectors: [0] })
    while (!chain.events.some((event) => event.type === 'recovery:opened')) farm.prove(1)
    chain.does(client, 'SettleDeals', { deals: [deal, other] })
    expect(view(farm, deal)).toMatchObject({ state: 'cancelled', claim: String(claim) })
    farm.prove(20)
    chain.does(client, 'SettleDeals', { deals: [deal] })
    const compensated = claim < COLLATERAL ? claim : COLLATERAL
    expect(view(farm, deal)).toMatchObject({ state: 'cancelled', locked: '0', compensated: String(compensated) })
  })

  test('under an open recovery it is refused, to be tried again after the window', () => {
    const farm = declared()
    const { chain, client, owner, provider, deal } = farm
    chain.does(owner, 'RequestRecovery', { provider, partition: 0, sectors: [0] })
    while (!chain.events.some((event) => event.type === 'recovery:opened')) chain.produce()
    const verdict = chain.machine.checkTx(chain.sign(client, 'CancelDeal', { deal }), 0)
    expect(verdict).toMatchObject({ code: 'DEAL_IN_RECOVERY', retryable: true })
  })

  test('never recovered, it ends as a termination: the claim to the client, what is left burns', () => {
    const farm = declared()
    const { chain, client, deal } = farm
    farm.prove(20)
    chain.does(client, 'CancelDeal', { deal })
    const claim = BigInt(view(farm, deal).claim!)
    chain.does(client, 'SettleDeals', { deals: [deal] })
    expect(view(farm, deal).claim).toBe(String(claim))
    chain.advance(40)
    const before = [chain.balance(client.address), recount(chain.state).burnt] as const
    const { fee } = chain.does(client, 'SettleDeals', { deals: [deal] })
    const compensated = claim < COLLATERAL ? claim : COLLATERAL
    expect(view(farm, deal)).toMatchObject({ state: 'cancelled', compensated: String(compensated) })
    expect(chain.balance(client.address) + fee - before[0]).toBeGreaterThanOrEqual(compensated)
    expect(recount(chain.state).burnt - before[1]).toBeGreaterThanOrEqual(fee + COLLATERAL - compensated)
  })
})

describe('leaving a long deal to sell the disk for more', () => {
  const rich = {
    capacityReward: 10n ** 16n * 2n ** 19n,
    designPower: 2n ** 30n,
    rewardHalving: 10 ** 6,
    vesting: 1_000,
  }
  const price = 10n ** 15n
  const long = { duration: 400, pricePerEpoch: price, providerCollateral: 100n * price }

  function vested(forfeitEpochs: number): ClaimedFarm & { readonly deal: number } {
    const farm = createClaimedFarm({ ...rich, forfeitEpochs })
    const deal = farm.store(long)
    farm.prove(80)
    return { ...farm, deal }
  }
  const locked = ({ chain, provider }: ClaimedFarm): bigint =>
    BigInt(providerView(chain.state, provider)!.vesting.locked)

  test('forfeits what still vests, as far as the deal could still have paid, and nobody receives it', () => {
    const farm = vested(500)
    const { chain, owner, provider, deal } = farm
    const { endsAt = 0 } = view(farm, deal)
    const before = locked(farm)
    const seen = chain.events.length
    chain.does(owner, 'TerminateSectors', { provider, sectors: [0] })
    const could = price * BigInt(endsAt - chain.height)
    const cuts = chain.events.slice(seen).filter((event) => event.type === 'reward:cut')
    expect(could).toBeLessThan(before)
    expect(cuts.map(({ amount }) => amount)).toEqual([String(could)])
    expect(locked(farm)).toBeLessThanOrEqual(before - could)
  })

  test('as much by waiting as faulty, from the fault on; nothing for a sector whose deal is over or was never there', () => {
    const none = vested(500)
    none.prove(340)
    none.chain.does(none.client, 'SettleDeals', { deals: [none.deal] })
    if (sectorView(none.chain.state, none.provider, 0)!.state === 'active') {
      none.chain.does(none.owner, 'TerminateSectors', { provider: none.provider, sectors: [0] })
    }
    expect(none.chain.events.filter((event) => event.type === 'reward:cut')).toEqual([])

    const farm = vested(500)
    const { chain, owner, provider, deal } = farm
    const { endsAt = 0 } = view(farm, deal)
    chain.does(owner, 'DeclareFaults', { provider, partition: 0, sectors: [0] })
    const since = chain.height
    chain.advance(45)
    expect(sectorView(chain.state, provider, 0)!.state).toBe('terminated')
    const cut = BigInt(chain.events.findLast((event) => event.type === 'reward:cut')!.amount)
    expect(cut).toBeGreaterThanOrEqual(price * BigInt(endsAt - since))
  })

  test('a parameter of 0 forfeits nothing, and what vests a GiB of live deals is told', () => {
    const farm = vested(0)
    const { chain, owner, provider } = farm
    const { perDealGiB } = providerView(chain.state, provider)!.vesting
    expect(BigInt(perDealGiB!)).toBe((locked(farm) * 2n ** 30n) / 1_024n)
    chain.does(owner, 'TerminateSectors', { provider, sectors: [0] })
    expect(chain.events.some((event) => event.type === 'reward:cut')).toBe(false)
  })
})
