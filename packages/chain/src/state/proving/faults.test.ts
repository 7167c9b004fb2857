import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MessageBodies, TransactionName } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMarket, type Market } from '../../../test/market.ts'
import { type WholePartition, wholePartitions } from '../../../test/whole-partitions.ts'
import { dealView, devnetParams, providerView, sectorView } from '../index.ts'

const PRICE = 1_000_000_007n
const { capacityReward, designPower } = devnetParams()
/** Of one sector an epoch: its deal, and 2 KiB of capacity, rounded up. */
const INCOME = PRICE + (2_048n * capacityReward) / designPower + 1n
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-faults-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Proven extends Market {
  readonly deals: readonly number[]
  view(): WholePartition
  collateral(): { free: bigint; debt: bigint }
  /** From the owner, in a lane of its own, beside answers. */
  does<N extends TransactionName>(kind: N, body: MessageBodies[N]): void
  code<N extends TransactionName>(kind: N, body: MessageBodies[N]): string
  nextChallenge(): Promise<void>
}

/** Two sectors with a deal each in one partition, proven once. What they earn vests later than any of this. */
async function proven(name: string, params: Partial<ChainParams> = {}): Promise<Proven> {
  const market = createMarket(join(folder, name), { vesting: 2 ** 32, ...params })
  const { chain, owner, provider, sealer, publish, activate } = market
  const deals: number[] = []
  for (const number of [0, 1]) {
    const piece = await sealer.piece(number, 1_000)
    deals.push(publish(piece))
    await activate(number, [piece], deals.slice(-1))
  }
  const view = (): WholePartition => wholePartitions(chain.state, provider, undefined, 10)[0]!
  while (dealView(chain.state, deals[1]!)!.provenEpochs === 0) await sealer.answer()
  return {
    ...market,
    deals,
    view,
    collateral: () => {
      const { free, debt } = providerView(chain.state, provider)!.collateral
      return { free: BigInt(free), debt: BigInt(debt) }
    },
    does: (kind, body) => void chain.does(owner, kind, body, { lane: 9 }),
    code: (kind, body) => chain.machine.checkTx(chain.sign(owner, kind, body, { lane: 9 }), 0).code,
    nextChallenge: async () => {
      while (view().challenge !== undefined) await sealer.answer()
      while (view().challenge === undefined) chain.produce()
    },
  }
}

const numbers = (list: readonly { number: number }[]): number[] => list.map(({ number }) => number)

describe('a frozen list:', () => {
  test('declaring a fault inside a window changes neither the list nor the fee of missing it', async () => {
    const { chain, provider, view, does, code, collateral, nextChallenge } = await proven('declare')
    await nextChallenge()
    const before = collateral().free
    does('DeclareFaults', { provider, partition: 0, sectors: [0, 1] })
    expect(before - collateral().free).toBe(2n * INCOME * 5n)
    expect(numbers(view().challenge!.sectors)).toEqual([0, 1])
    expect(view()).toMatchObject({ sectors: [], faultySectors: [0, 1] })
    expect(code('DeclareFaults', { provider, partition: 0, sectors: [0] })).toBe('SECTOR_NOT_SOUND')
    chain.advanceTo(view().challenge!.deadline)
    expect(chain.events.some(({ type, height }) => type === 'post:missed' && height === chain.height)).toBe(true)
    expect(before - collateral().free).toBe(2n * INCOME * 5n + 2n * INCOME * 20n)
  })

  test('terminating inside a window does not change the list, and the deal ends with its sector', async () => {
    const { chain, client, provider, sealer, deals, view, does, nextChallenge } = await proven('terminate')
    await nextChallenge()
    const { lastProven } = view()
    does('TerminateSectors', { provider, sectors: [1] })
    const at = chain.height
    expect(numbers(view().challenge!.sectors)).toEqual([0, 1])
    await sealer.answer()
    expect(view().sectors).toMatchObject([{ number: 0 }])
    chain.advance(6)
    expect(view().challenge?.sectors.map((sector) => sector.number) ?? [0]).toEqual([0])

    const { activatedAt } = sectorView(chain.state, provider, 1)!
    const balance = chain.balance(client.address)
    const { fee } = chain.does(client, 'SettleDeals', { deals: [deals[1]!] })
    const deal = dealView(chain.state, deals[1]!)!
    const provenEpochs = lastProven! - activatedAt!
    expect(deal).toMatchObject({ state: 'terminated', endsAt: at, provenEpochs, faultedEpochs: at - lastProven! })
    expect(deal).toMatchObject({ locked: '0', refunded: String(PRICE * BigInt(60 - provenEpochs)) })
    // The collateral is more than the price of the rest: as much again for the client, what is left of it burns.
    const rest = PRICE * BigInt(60 - (at - activatedAt!))
    expect(chain.balance(client.address) - balance + fee).toBe(PRICE * BigInt(60 - provenEpochs) + rest)
    expect(chain.does(client, 'SettleDeals', { deals: [deals[1]!] }).events).toEqual([])
  })

  test('expiring inside a window does not spare a sector the answer', async () => {
    const { chain, provider, view, sealer, does } = await proven('expire')
    const expiry = (): number => sectorView(chain.state, provider, 0)!.expiry
    for (;;) {
      const { challenge } = view()
      if (challenge !== undefined && chain.height < expiry() && expiry() < challenge.deadline) break
      if (challenge !== undefined) await sealer.answer()
      else if (expiry() > chain.height + 2) chain.produce()
      else does('ExtendSectors', { provider, sectors: [0], expiry: expiry() + 4 })
    }
    while (chain.height < expiry()) chain.produce()
    expect(numbers(view().challenge!.sectors)).toContain(0)
    await sealer.answer()
    expect(sectorView(chain.state, provider, 0)!.state).toBe('expired')
  })

  test('recovering inside a window waits for it to close, and a challenge drawn meanwhile does not ask for it', async () => {
    const { chain, provider, view, does, code, nextChallenge, sealer } = await proven('recover')
    does('DeclareFaults', { provider, partition: 0, sectors: [0] })
    chain.advance(2)
    await nextChallenge()
    expect(code('RequestRecovery', { provider, partition: 0, sectors: [1] })).toBe('SECTOR_NOT_FAULTY')
    does('RequestRecovery', { provider, partition: 0, sectors: [0] })
    expect(code('RequestRecovery', { provider, partition: 0, sectors: [] })).toBe('RECOVERY_PENDING')
    while (view().challenge !== undefined) {
      expect(view().recovery).toBeUndefined()
      if (chain.height + 1 >= view().challenge!.deadline) await sealer.answer()
      else chain.produce()
    }
    while (view().recovery === undefined) await sealer.answer()
    expect(view().recovery).toMatchObject({ count: 4 * chain.genesis.params.postSamples, sectors: [{ number: 0 }] })
    while (view().recovery !== undefined) await sealer.answer()
    expect(view()).toMatchObject({ faulty: false, sectors: [{ number: 1 }, { number: 0 }] })
  })
})

test('a declared sector leaves the list from `cutoff` epochs later on, and costs less than a missed proof', async () => {
  const { chain, provider, view, does, nextChallenge, sealer } = await proven('cutoff', { cutoff: 30 })
  while (view().challenge !== undefined) await sealer.answer()
  does('DeclareFaults', { provider, partition: 0, sectors: [0] })
  const declaredAt = chain.height
  await nextChallenge()
  expect(view().challenge!.epoch).toBeLessThan(declaredAt + 30)
  expect(numbers(view().challenge!.sectors)).toEqual([0, 1])
  const { declaredFaultFee, missedProofFee } = chain.genesis.params
  expect(declaredFaultFee).toBeLessThan(missedProofFee)
})

test('a recovery that is missed costs the fee of a missed proof, and there is no other for a period', async () => {
  const { chain, provider, view, does, code, collateral, sealer } = await proven('barred')
  while (view().challenge !== undefined) await sealer.answer()
  does('DeclareFaults', { provider, partition: 0, sectors: [0, 1] })
  chain.advance(8)
  does('RequestRecovery', { provider, partition: 0, sectors: [] })
  while (view().recovery === undefined) chain.produce()
  const before = collateral().free
  chain.advanceTo(view().recovery!.deadline)
  expect(before - collateral().free).toBe(2n * INCOME * 20n)
  expect(view()).toMatchObject({ faulty: true, recoveryBarredUntil: chain.height + 10 })
  expect(code('RequestRecovery', { provider, partition: 0, sectors: [] })).toBe('RECOVERY_BARRED')
  chain.advance(9)
  expect(code('RequestRecovery', { provider, partition: 0, sectors: [] })).toBe('OK')
})

test('what is faulty for too long is terminated, and a partition of nothing else retires', async () => {
  const { chain, client, provider, deals, view } = await proven('old')
  while (!view().faulty) chain.produce()
  const missedAt = chain.height
  chain.advanceTo(missedAt + 29)
  expect(sectorView(chain.state, provider, 0)!.state).toBe('faulty')
  chain.advance(1)
  expect(sectorView(chain.state, provider, 0)!.state).toBe('terminated')
  chain.advance(8)
  expect(view()).toBeUndefined()
  chain.does(client, 'SettleDeals', { deals })
  expect(deals.map((deal) => dealView(chain.state, deal)!.locked)).toEqual(['0', '0'])
})

test('a fee beyond the free collateral is a debt, and a debt is paid before anything is free', async () => {
  const { chain, owner, provider, view, code, collateral } = await proven('debt')
  chain.does(owner, 'WithdrawCollateral', { provider, amount: collateral().free - PRICE })
  const { free } = collateral()
  while (!view().faulty) chain.produce()
  const fee = 2n * INCOME * 20n
  expect(collateral()).toEqual({ free: 0n, debt: fee - free })
  chain.does(owner, 'DepositCollateral', { provider, amount: PRICE })
  expect(collateral()).toEqual({ free: 0n, debt: fee - free - PRICE })
  expect(code('TerminateSectors', { provider, sectors: [0, 0] })).toBe('SECTOR_STATE_WRONG')
  chain.advance(40)
  // Terminated meanwhile: the pledges that became free have paid the debt, and the fees for that.
  expect(sectorView(chain.state, provider, 0)!.state).toBe('terminated')
  expect(collateral().debt).toBe(0n)
})

test('leaving a deal by a declared fault: its collateral pays for the epochs until its end, and the sector its termination', async () => {
  const market = await proven('leave', { faultMaxAge: 60 })
  const { chain, client, provider, deals, view, does, collateral, sealer } = market
  const [deal] = deals
  const { endsAt = 0, terms } = dealView(chain.state, deal!)!
  while (chain.height < endsAt - 20) await sealer.answer()
  while (view().challenge !== undefined) await sealer.answer()
  const { lastProven } = view()
  does('DeclareFaults', { provider, partition: 0, sectors: [0] })
  const declaredAt = chain.height
  chain.advanceTo(endsAt + 3)
  const before = chain.balance(client.address)
  const { fee } = chain.does(client, 'SettleDeals', { deals: [deal!] })
  const compensated = PRICE * BigInt(endsAt - lastProven!)
  expect(BigInt(terms.providerCollateral)).toBeGreaterThan(compensated)
  const closed = dealView(chain.state, deal!)!
  expect(closed).toMatchObject({ state: 'expired', faultedEpochs: endsAt - lastProven!, locked: '0' })
  expect(closed.compensated).toBe(String(compensated))
  expect(chain.balance(client.address) - before + fee).toBeGreaterThanOrEqual(2n * compensated)

  const { expiry } = sectorView(chain.state, provider, 0)!
  expect(sectorView(chain.state, provider, 0)!.state).toBe('faulty')
  const { free } = collateral()
  does('TerminateSectors', { provider, sectors: [0] })
  const charged = chain.events.findLast((event) => event.type === 'provider:charged')!
  expect(charged).toMatchObject({ reason: 'TERMINATED', amount: String(INCOME * BigInt(expiry - declaredAt)) })
  expect(collateral().free).toBeLessThan(free)
})

test('a sound sector may be extended, no further than a new one could last, and not one that is faulty', async () => {
  const { chain, provider, does, code } = await proven('extend')
  const { expiry } = sectorView(chain.state, provider, 0)!
  const extend = (to: number, sectors = [0]): string => code('ExtendSectors', { provider, sectors, expiry: to })
  expect(extend(expiry)).toBe('SECTOR_EXPIRY_INVALID')
  expect(extend(1_000_000)).toBe('SECTOR_EXPIRY_INVALID')
  expect(extend(expiry + 10, [5])).toBe('SECTOR_NOT_FOUND')
  does('ExtendSectors', { provider, sectors: [0], expiry: expiry + 40 })
  expect(sectorView(chain.state, provider, 0)!.expiry).toBe(expiry + 40)
  does('DeclareFaults', { provider, partition: 0, sectors: [0] })
  expect(extend(expiry + 80)).toBe('SECTOR_NOT_SOUND')
  chain.advance(2)
})
