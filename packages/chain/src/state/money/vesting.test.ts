import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VESTING_STEPS } from '@granary/protocol/records'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createMarket } from '../../../test/market.ts'
import { createRules, PROVIDER } from '../../../test/rules.ts'
import { wholePartitions } from '../../../test/whole-partitions.ts'
import { providerView, supplyView } from '../index.ts'
import { recount } from '../machine/recount.ts'
import { chargeProvider } from '../proving/faults.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { creditVesting, lockWithVested, releaseVested } from './vesting.ts'

const providerOf = ({ store }: BlockContext) => tables.providers.get(store, PROVIDER)!
const vestingOf = ({ store }: BlockContext) => tables.vesting.get(store, PROVIDER)

function blocks(vesting: number): (height: number) => BlockContext {
  const rules = createRules({ vesting })
  return (height) => rules.begin(height, { timeMs: height, entropy: 1 })
}

interface Credit {
  readonly after: number
  readonly amount: bigint
}

/** Credits and releases at random times; each credit alone would have vested at least as much by then. */
function vest(vesting: number, credits: readonly Credit[], releases: ReadonlySet<number>): void {
  const begin = blocks(vesting)
  const made: { at: number; amount: bigint }[] = []
  let height = 1
  for (const { after, amount } of credits) {
    height += after
    const context = begin(height)
    creditVesting(context, PROVIDER, amount)
    if (amount > 0n) made.push({ at: height, amount })
    if (releases.has(made.length)) releaseVested(context, PROVIDER)
    expect(vestingOf(context)?.tranches.length ?? 0).toBeLessThanOrEqual(VESTING_STEPS + 2)
    // In the denominator of the exact shares, so that nothing is rounded.
    const alone = made.reduce((sum, { at, amount: of }) => sum + of * BigInt(Math.min(vesting, height - at)), 0n)
    expect(providerOf(context).collateralFree * BigInt(vesting)).toBeLessThanOrEqual(alone)
    recount(context.store)
  }
  const end = begin(height + vesting + Math.ceil(vesting / VESTING_STEPS))
  releaseVested(end, PROVIDER)
  expect(vestingOf(end)).toBeUndefined()
  expect(providerOf(end).collateralFree).toBe(made.reduce((sum, { amount }) => sum + amount, 0n))
  recount(end.store)
}

test('no credit is released faster than it would be alone, all of it is in the end, and records stay small', () => {
  const run = fc.record({
    vesting: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 2 ** 32 })),
    gaps: fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 60 }),
    amounts: fc.array(fc.bigInt({ min: 0n, max: 10n ** 30n }), { minLength: 60, maxLength: 60 }),
    releases: fc.uniqueArray(fc.nat(60)),
  })
  fc.assert(
    fc.property(run, ({ vesting, gaps, amounts, releases }) => {
      const credits = gaps.map((gap, index) => ({
        after: Math.floor((gap * vesting) / 8_000),
        amount: amounts[index]!,
      }))
      vest(vesting, credits, new Set(releases))
    }),
    { numRuns: 60 },
  )
})

test('a credit in each epoch needs no more tranches than one a day', () => {
  vest(
    100,
    Array.from({ length: 300 }, () => ({ after: 1, amount: 7n })),
    new Set(),
  )
})

test('what is released is the same in one step as in many', () => {
  const totals = [1, 3, 50].map((step) => {
    const begin = blocks(97)
    creditVesting(begin(1), PROVIDER, 1_000n)
    creditVesting(begin(20), PROVIDER, 333n)
    for (let height = 20; height < 70; height += step) releaseVested(begin(height), PROVIDER)
    const context = begin(70)
    releaseVested(context, PROVIDER)
    return providerOf(context).collateralFree
  })
  expect(new Set(totals).size).toBe(1)
  expect(totals[0]).toBeGreaterThan(600n)
})

test('a debt is paid before anything that has vested is free, and a lock takes what has', () => {
  const begin = blocks(100)
  const first = begin(4)
  creditVesting(first, PROVIDER, 1_000n)
  chargeProvider(first, PROVIDER, 300n, 'PROOF_MISSED')
  expect(providerOf(first)).toMatchObject({ collateralFree: 0n, debt: 300n })
  const half = begin(54)
  expect(() => lockWithVested(half, PROVIDER, 201n)).toThrow('collateral')
  lockWithVested(half, PROVIDER, 200n)
  expect(providerOf(half)).toMatchObject({ collateralFree: 0n, collateralLocked: 200n, debt: 0n })
  expect(tables.totals.get(half.store)).toMatchObject({ minted: 1_000n, burnt: 300n, vesting: 500n })
})

test('a sector without deals earns, its provider sees how much, and withdraws what has vested', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-vesting-'))
  const { chain, owner, provider, activate, sealer } = createMarket(folder, {
    vesting: 20,
    forfeitEpochs: 10,
    designPower: 4_096n,
  })
  await activate(0, [], [])
  const partition = () => wholePartitions(chain.state, provider, undefined, 1)[0]!
  const vesting = () => providerView(chain.state, provider)!.vesting
  expect(partition()).toMatchObject({ power: 0, pending: '0' })
  expect(vesting()).toEqual({ locked: '0', releasable: '0', end: null, perDealGiB: null })
  while (vesting().locked === '0') await sealer.answer()
  const credited = chain.events.find((event) => event.type === 'reward:credited')!
  expect(credited).toMatchObject({ stream: 'capacity', provider, partition: 0, amount: vesting().locked })
  expect(partition().power).toBe(2_048)
  const { genesis, minted, burnt, power, rewardPerGiBEpoch, ...held } = supplyView(chain.state)
  const sum = Object.values(held).reduce((total, amount) => total + BigInt(amount), 0n)
  expect(BigInt(genesis) + BigInt(minted) - BigInt(burnt)).toBe(sum)
  expect(power).toBe('2048')
  // 2 KiB of a design size of 4 earn half of the rate: a GiB would be 2¹⁹ times as much.
  expect(BigInt(rewardPerGiBEpoch) / 2n ** 18n).toBe(chain.genesis.params.capacityReward)
  chain.produce()
  const perEpoch = chain.genesis.params.capacityReward / 2n
  expect(BigInt(partition().pending) / perEpoch).toBeGreaterThan(0n)

  chain.advance(10)
  const { releasable, end } = vesting()
  expect(end).toBeGreaterThan(chain.height)
  const { free } = providerView(chain.state, provider)!.collateral
  const amount = BigInt(free) + BigInt(releasable)
  const withdraw = (more: bigint): string =>
    chain.machine.checkTx(chain.sign(owner, 'WithdrawCollateral', { provider, amount: amount + more }), 0).code
  expect(BigInt(releasable)).toBeGreaterThan(0n)
  expect(withdraw(BigInt(vesting().locked))).toBe('INSUFFICIENT_COLLATERAL')
  const { events } = chain.does(owner, 'WithdrawCollateral', { provider, amount })
  expect(events.map(({ type }) => type)).toEqual(['reward:released', 'collateral:withdrawn'])
  await rm(folder, { recursive: true })
})
