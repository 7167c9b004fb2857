import type { ChainEvent } from '@granary/protocol/events'
import { AMOUNT_MAX } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { profilesWith } from '../../../test/profiles-with.ts'
import { compareRandomRewards, compareRewards } from '../../../test/rewards-model.ts'
import { addSector, createRules, PROVIDER, type Rules } from '../../../test/rules.ts'
import { paramBounds } from '../governance/param-bounds.ts'
import { productionParams } from '../machine/params.ts'
import { recount } from '../machine/recount.ts'
import { networkFee } from '../messages/settle-deals.ts'
import { closeChallenge, closeDueChallenges, drawChallenges } from '../proving/challenges.ts'
import { declareFault, terminateOldFaults, terminateSector } from '../proving/faults.ts'
import { departDue, partitionOf } from '../proving/partitions.ts'
import { acceptRecovery, closeDueRecoveries, enqueueRecovery } from '../proving/recoveries.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { capacityRate, rewardsOf, serviceReward } from './rewards.ts'

const SECTOR = 2_048
const GIB = 2n ** 30n

/** Sectors of 2 KiB: 8 of them are the design size. One earns 1,000 an epoch below it. */
const params: Partial<ChainParams> = {
  capacityReward: 8_000n,
  designPower: BigInt(8 * SECTOR),
  rewardHalving: 1_000_000,
  vesting: 40,
  forfeitEpochs: 0,
  provingPeriod: 7,
  partitionSectorsMax: 4,
  cutoff: 2,
  faultGrace: 20,
  faultMaxAge: 60,
  recoveriesPerEpoch: 4,
}

interface Play {
  readonly rules: Rules
  height: number
  /** By how much its time is behind that of blocks of half a second. */
  lateMs: number
  /** One block: `acts` where the messages of a block would. */
  block(acts?: (context: BlockContext) => void, entropy?: number): BlockContext
  credited(): bigint
}

function play(given: Partial<ChainParams> = {}): Play {
  const rules = createRules({ ...params, ...given })
  const self: Play = {
    rules,
    height: 0,
    lateMs: 0,
    block: (acts = () => undefined, entropy = sha256(Uint8Array.of(self.height & 255, self.height >> 8))[0]!) => {
      self.height += 1
      const context = rules.begin(self.height, { timeMs: self.height * 500 + self.lateMs, entropy })
      acts(context)
      closeDueChallenges(context)
      closeDueRecoveries(context)
      terminateOldFaults(context)
      departDue(context)
      drawChallenges(context)
      rules.commit()
      return context
    },
    credited: () => sumOf(rules, 'reward:credited'),
  }
  return self
}

function sumOf(rules: Rules, type: ChainEvent['type']): bigint {
  const amounts = rules.events.map((event) => (event.type === type && 'amount' in event ? BigInt(event.amount) : 0n))
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}

function add(context: BlockContext, number: number, expiry = 10_000): number {
  return addSector(context, { number, expiry, profile: '2KiB-test' })
}

const openOf = (context: BlockContext, partition = 0) => partitionOf(context.store, PROVIDER, partition).challenge

/** Blocks until partition 0 is challenged. @returns the block that drew it */
function untilDrawn(game: Play): BlockContext {
  for (;;) {
    const context = game.block()
    if (openOf(context) !== undefined) return context
  }
}

const answer = (context: BlockContext): void => closeChallenge(context, PROVIDER, 0, 'answered')

describe('rewards for unproven time:', () => {
  test('a sector earns from its first answer on, not from its activation', () => {
    const game = play()
    game.block((context) => add(context, 0))
    const first = untilDrawn(game)
    game.block(answer)
    const from = game.height
    expect(first.height).toBeGreaterThan(1)
    expect(game.credited()).toBe(0n)
    const second = untilDrawn(game)
    game.block(answer)
    expect(game.credited()).toBe(1_000n * BigInt(second.height - from))
    const third = untilDrawn(game)
    game.block(answer)
    expect(game.credited()).toBe(1_000n * BigInt(third.height - from))
  })

  test('a sector that joins between the frozen list and the draw waits for the next challenge', () => {
    const game = play({ cutoff: 5 })
    game.block((context) => add(context, 0))
    for (let number = 1; number < 4; number++) {
      untilDrawn(game)
      // In the block of its answer, and so before no draw whose list it could be in.
      game.block((context) => {
        answer(context)
        add(context, number)
      })
      const { store } = game.block()
      expect(partitionOf(store, PROVIDER, 0).power).toBeLessThanOrEqual(number * SECTOR)
    }
    expect(recount(game.block().store)).toMatchObject({ balances: 0n })
  })

  test('dropped after an answer: what was earned since is never minted, whether it is missed, declared or terminated', () => {
    const leave: ((context: BlockContext) => void)[] = [
      () => undefined,
      (context) => void declareFault(context, PROVIDER, 0),
      (context) => terminateSector(context, PROVIDER, 0, 'REQUESTED'),
    ]
    for (const acts of leave) {
      const game = play()
      game.block((context) => add(context, 0))
      untilDrawn(game)
      game.block(answer)
      untilDrawn(game)
      game.block(answer)
      const credited = game.credited()
      game.block(acts)
      for (let count = 0; count < 40; count++) game.block()
      expect(game.credited()).toBe(credited)
      expect(rewardsOf(game.block().store).power).toBe(0n)
    }
  })

  test('activated and terminated at once: nothing is minted', () => {
    const game = play()
    game.block((context) => add(context, 0))
    game.block((context) => terminateSector(context, PROVIDER, 0, 'REQUESTED'))
    for (let count = 0; count < 40; count++) game.block()
    expect(rewardsOf(game.block().store).power).toBe(0n)
    expect(sumOf(game.rules, 'reward:forfeited')).toBe(0n)
  })

  test('declared inside the window: the answer credits the others, and never this one', () => {
    const game = play()
    game.block((context) => {
      add(context, 0)
      add(context, 1)
    })
    untilDrawn(game)
    game.block(answer)
    const { height: from } = untilDrawn(game)
    game.block(answer)
    const credited = game.credited()
    const drawn = untilDrawn(game)
    game.block((context) => void declareFault(context, PROVIDER, 0))
    game.block(answer)
    expect(game.credited() - credited).toBe(1_000n * BigInt(drawn.height - from))
    expect(partitionOf(game.block().store, PROVIDER, 0).power).toBe(SECTOR)
  })

  test('the time of a fault earns nothing, and a sector that recovers begins as a new one does', () => {
    const game = play()
    game.block((context) => add(context, 0))
    untilDrawn(game)
    game.block(answer)
    untilDrawn(game)
    game.block(answer)
    const credited = game.credited()
    game.block((context) => {
      declareFault(context, PROVIDER, 0)
      enqueueRecovery(context, PROVIDER, 0, [0])
    })
    const isOpen = (context: BlockContext): boolean => partitionOf(context.store, PROVIDER, 0).recovery !== undefined
    while (!isOpen(game.block())) expect(game.credited()).toBe(credited)
    game.block((context) => acceptRecovery(context, PROVIDER, 0))
    expect(rewardsOf(game.block().store).power).toBe(0n)
    untilDrawn(game)
    game.block(answer)
    const from = game.height
    expect(game.credited()).toBe(credited)
    const drawn = untilDrawn(game)
    game.block(answer)
    expect(game.credited() - credited).toBe(1_000n * BigInt(drawn.height - from))
  })

  test('a void challenge credits nothing, and its span joins the next', () => {
    const game = play()
    game.block((context) => addSector(context, { number: 0, expiry: 10_000, profile: '512MiB' }))
    untilDrawn(game)
    game.block(answer)
    const from = game.height
    untilDrawn(game)
    // All blocks of the window come when a replica could have been made anew.
    game.lateMs = 60_000
    let context = game.block()
    const { deadline } = openOf(context)!
    while (game.height < deadline) context = game.block()
    expect(game.rules.events.filter((event) => event.type === 'challenge:void')).toHaveLength(1)
    expect(game.credited()).toBe(0n)
    // Drawn again in the block that found it void.
    const { openedAt } = openOf(context)!
    expect(openedAt).toBe(deadline)
    game.block(answer)
    const bytes = 2n ** 29n
    expect(game.credited()).toBe((8_000n * BigInt(openedAt - from) * bytes) / bytes)
  })
})

describe('what an epoch mints', () => {
  test('halves, and ends', () => {
    const given = { ...productionParams(), capacityReward: 1_001n, rewardHalving: 10 }
    const rates = [0, 9, 10, 19, 20, 90, 99, 100, 2 ** 40].map((epoch) => capacityRate(given, epoch))
    expect(rates).toEqual([1_001n, 1_001n, 500n, 500n, 250n, 1n, 1n, 0n, 0n])
  })

  test('a GiB earns its pledge in twenty days of production, at the design size and below', () => {
    const { capacityReward, designPower, provingPeriod, pledgePerGiB } = productionParams()
    const earned = (capacityReward * BigInt(20 * provingPeriod) * GIB) / designPower
    expect(pledgePerGiB - earned).toBeLessThan(10n ** 9n)
    expect(earned).toBeLessThanOrEqual(pledgePerGiB)
  })

  test('beyond the design size all share, and no more is minted', () => {
    const game = play({ partitionSectorsMax: 16, designPower: BigInt(4 * SECTOR) })
    game.block((context) => {
      for (let number = 0; number < 16; number++) add(context, number)
    })
    untilDrawn(game)
    game.block(answer)
    const from = game.height
    const drawn = untilDrawn(game)
    game.block(answer)
    expect(game.credited()).toBe(8_000n * BigInt(drawn.height - from))
  })
})

describe('with every parameter at its bound', () => {
  const capacityReward = paramBounds.capacityReward.max
  const designPower = paramBounds.designPower.min
  const [rewardHalving, vesting, missedProofFee] = [2 ** 32, 2 ** 32, 2 ** 32]
  const profiles = profilesWith({ '2KiB-test': 5, '8MiB-dev': 5, '512MiB': 5, '4GiB': 5, '32GiB': 5, '64GiB': 5 })

  /** A full partition of the largest sectors, when the index of rewards is as high as it will ever be. */
  function extremes(): Play {
    const rates = { capacityReward, designPower, rewardHalving, vesting }
    const game = play({ ...rates, missedProofFee, profiles, partitionSectorsMax: 2_048 })
    game.block((context) => {
      for (let number = 0; number < 2_048; number++) {
        addSector(context, { number, expiry: 2 ** 40, profile: '64GiB' })
      }
      const index = ((2n * capacityReward * BigInt(rewardHalving)) << 64n) / designPower
      tables.rewards.put(context.store, { index, power: 0n })
    })
    untilDrawn(game)
    return game
  }

  test('what is earned does not overflow', () => {
    const game = extremes()
    game.block(answer)
    untilDrawn(game)
    game.block(answer)
    expect(game.credited()).toBeGreaterThan(capacityReward / 2n)
    recount(game.block().store)
  })

  test('what is owed ends at the most that can be written, and does not stop the chain', () => {
    const game = extremes()
    for (let count = 0; count < 6; count++) game.block()
    const { store } = game.block()
    expect(game.rules.events.findLast((event) => event.type === 'provider:charged')).toBeDefined()
    expect(tables.providers.get(store, PROVIDER)!.debt).toBe(AMOUNT_MAX)
    recount(store)
  })
})

test('paying oneself: a provider loses by it, of what its payment burns it is given nine tenths at most, halved and rounded down', () => {
  const given = fc.record({
    gross: fc.bigInt({ min: 0n, max: 10n ** 30n }),
    networkFeeBps: fc.integer({ min: 0, max: 5_000 }),
    serviceShareBps: fc.integer({ min: 0, max: 9_000 }),
    halvings: fc.nat(140),
  })
  fc.assert(
    fc.property(given, ({ gross, networkFeeBps, serviceShareBps, halvings }) => {
      const burnt = networkFee(gross, networkFeeBps)
      const chain = { ...productionParams(), serviceShareBps, rewardHalving: 100 }
      const minted = serviceReward(chain, halvings * 100 + 99, burnt)
      expect(minted * 10n * 2n ** BigInt(halvings)).toBeLessThanOrEqual(burnt * 9n)
      expect(gross - burnt + minted < gross || burnt === 0n).toBe(true)
    }),
  )
})

describe('what is credited is what each sector earned epoch by epoch', () => {
  test('by a diligent provider, below the design size and beyond it', () => {
    for (const design of [1, 100]) {
      const run = { seed: 1, diligence: 15, cutoff: 2, beaconGaps: false, stops: 0, design, rewardHalving: 80 }
      expect(compareRewards(run).minted).toBeGreaterThan(10n ** 20n)
    }
  })

  test('on a chain that is stopped for longer than an answer reaches: all money is still counted', () => {
    const run = { seed: 2, diligence: 15, cutoff: 2, beaconGaps: false, stops: 2, design: 1, rewardHalving: 80 }
    const { minted, outOfReach } = compareRewards(run)
    expect(minted).toBeGreaterThan(10n ** 18n)
    expect(outOfReach).toBeGreaterThan(0)
  })

  test('by a sector whose second answer does not reach the epochs before its first', () => {
    const run = { seed: 16777204, diligence: 13, cutoff: 2, beaconGaps: true, stops: 4, design: 1, rewardHalving: 2 }
    expect(compareRewards(run).outOfReach).toBeGreaterThan(0)
  })

  test('by random providers, on random chains', () => {
    compareRandomRewards(6)
  })
})
