/**
 * A random provider, and beside it what each of its sectors earns, epoch by epoch, as the rules say it in words: nothing is
 * summed up ahead. docs/spec/chain.md section 4, Rewards.
 */
import { profileNamed } from '@granary/proofs/profile'
import { expect } from '@jest/globals'
import fc from 'fast-check'
import { devnetParams } from '../src/state/machine/params.ts'
import { recount } from '../src/state/machine/recount.ts'
import { capacityRate, rewardsOf } from '../src/state/money/rewards.ts'
import { isTooLate, isVoid } from '../src/state/proving/answer-time.ts'
import { closeChallenge, closeDueChallenges, drawChallenges } from '../src/state/proving/challenges.ts'
import { declareFault, requireSector, terminateOldFaults, terminateSector } from '../src/state/proving/faults.ts'
import { allMembers, departDue, isListed, membersAt, NOW, partitionOf } from '../src/state/proving/partitions.ts'
import {
  acceptRecovery,
  closeDueRecoveries,
  enqueueRecovery,
  recoveryMembers,
} from '../src/state/proving/recoveries.ts'
import { reachOf } from '../src/state/proving/response-window.ts'
import type { BlockContext } from '../src/state/store/context.ts'
import { tables } from '../src/state/store/tables.ts'
import { profilesWith } from './profiles-with.ts'
import { randomFrom } from './random-stream.ts'
import { addSector, createRules, PROVIDER } from './rules.ts'

/** A secure profile, so that a chain that stops makes its challenges void. */
const PROFILE = profileNamed('512MiB')
const SECTOR = PROFILE.sectorBytes
const STOPPED_MS = 5_000
const params = {
  capacityReward: 10n ** 20n,
  vesting: 40,
  forfeitEpochs: 0,
  provingPeriod: 7,
  partitionSectorsMax: 4,
  faultGrace: 20,
  faultMaxAge: 60,
  recoveriesPerEpoch: 4,
  profiles: profilesWith({ [PROFILE.name]: 5 }, devnetParams().profiles),
}

export interface RewardsRun {
  readonly seed: number
  readonly diligence: number
  readonly cutoff: number
  readonly beaconGaps: boolean
  /** Of 64 blocks, how many begin a time in which the chain is nearly stopped. */
  readonly stops: number
  readonly design: number
  readonly rewardHalving: number
}

const NEVER = Number.POSITIVE_INFINITY

/** What the rules say of a sector, epoch by epoch. */
interface ModelSector {
  readonly expiry: number
  state: 'sound' | 'faulty' | 'over'
  earns: boolean
  /** What each epoch gave it that is not credited yet, in 2⁻⁶⁴. */
  pending: Map<number, bigint>
  /** Until its first credit: what its first epochs would have been, from the draw to the answer that it began with. */
  before: bigint
  /** The first of those epochs. */
  beforeFrom: number
}

/** Credited is what its sectors earned; less by what one of them did not before its first answer, when it leaves before its second. */
class Model {
  readonly sectors = new Map<number, ModelSector>()
  /** The challenges that are open: the block that drew each, by its partition. */
  readonly drawnIn = new Map<number, { readonly epoch: number; readonly block: number }>()
  readonly #steps: bigint[] = []
  limit = 0n
  expected = 0n
  slack = 0n

  earn({ store, params, height }: BlockContext): void {
    const earning = [...this.sectors.values()].filter((sector) => sector.earns)
    const power = BigInt(earning.length * SECTOR)
    expect(rewardsOf(store).power).toBe(power)
    const rate = capacityRate(params, height)
    const step = ((rate << 64n) / (power > params.designPower ? power : params.designPower)) * BigInt(SECTOR)
    for (const sector of earning) sector.pending.set(height, step)
    this.#steps[height] = step
    this.limit += rate
  }

  join(number: number, expiry: number): void {
    this.sectors.set(number, {
      expiry,
      state: 'sound',
      earns: false,
      pending: new Map(),
      before: 0n,
      beforeFrom: NEVER,
    })
  }

  /** @param reach: epochs through this one are not proven by the answer */
  answer(
    numbers: readonly number[],
    { block: drawnIn, reach }: { block: number; reach: number },
    height: number,
  ): void {
    let credit = 0n
    for (const sector of numbers.map((number) => this.sectors.get(number)!)) {
      if (sector.state !== 'sound') continue
      // What it did not earn before its first answer is taken from the second in full, though a part be out of reach.
      const isOutOfReach = sector.beforeFrom <= reach || [...sector.pending.keys()].some((epoch) => epoch <= reach)
      if (isOutOfReach) this.slack += (sector.before >> 64n) + 1n
      sector.beforeFrom = sector.earns ? NEVER : drawnIn + 1
      if (sector.earns) sector.before = 0n
      else for (let epoch = drawnIn + 1; epoch <= height; epoch++) sector.before += this.#steps[epoch]!
      sector.earns = true
      for (const [epoch, amount] of sector.pending) {
        if (epoch <= drawnIn && epoch > reach) credit += amount
        if (epoch <= drawnIn) sector.pending.delete(epoch)
      }
      if (sector.expiry <= height) this.#stop(sector, 'over')
    }
    this.expected += credit >> 64n
  }

  stop(number: number, state: 'faulty' | 'over'): void {
    this.#stop(this.sectors.get(number)!, state)
  }

  #stop(sector: ModelSector, state: 'faulty' | 'over'): void {
    this.slack += (sector.before >> 64n) + 1n
    Object.assign(sector, { state, earns: false, pending: new Map(), before: 0n, beforeFrom: NEVER })
  }
}

/** @returns what was minted, and how often something was out of reach @throws when it is not what the sectors earned */
export function compareRewards(run: RewardsRun): { readonly minted: bigint; readonly outOfReach: number } {
  const random = randomFrom(run.seed)
  const { cutoff, rewardHalving } = run
  const designPower = BigInt(run.design * SECTOR)
  const rules = createRules({ ...params, cutoff, rewardHalving, designPower })
  const model = new Model()
  let timeMs = 0
  let stoppedUntil = 0

  for (let height = 1; height <= 300; height++) {
    const isLate = run.beaconGaps && random(8) === 0
    if (random(64) < run.stops) stoppedUntil = Math.max(stoppedUntil, height + random(6 * params.provingPeriod))
    timeMs += height <= stoppedUntil ? STOPPED_MS : 500
    const context = rules.begin(height, { timeMs, entropy: isLate ? undefined : random(256) })
    if (isLate && random(2) === 0) rules.deliver(height - 1, random(256))
    model.earn(context)
    if (random(6) === 0) {
      const expiry = height + 10 + random(150)
      addSector(context, { number: model.sectors.size, expiry, profile: PROFILE.name })
      model.join(model.sectors.size, expiry)
    }
    for (const number of partitionNumbers(context)) act(context, model, number, random, run.diligence)
    closeDueChallenges(context)
    closeDueRecoveries(context)
    terminateOldFaults(context)
    departDue(context)
    drawChallenges(context)
    for (const number of partitionNumbers(context)) {
      const epoch = partitionOf(context.store, PROVIDER, number).challenge?.epoch
      if (epoch !== undefined && model.drawnIn.get(number)?.epoch !== epoch) {
        model.drawnIn.set(number, { epoch, block: height })
      }
    }
    if (height % 25 === 0) recount(context.store)
    rules.commit()
  }
  const { minted } = recount(rules.begin(301, { timeMs: timeMs + 500, entropy: 1 }).store)
  const credited = rules.events.filter((event) => event.type === 'reward:credited')
  expect(minted).toBe(credited.reduce((sum, { amount }) => sum + BigInt(amount), 0n))
  expect(minted).toBeLessThanOrEqual(model.limit)
  expect(minted).toBeLessThanOrEqual(model.expected)
  expect(minted).toBeGreaterThanOrEqual(model.expected - model.slack)
  const outOfReach = rules.events.filter(
    (event) => event.type === 'reward:forfeited' && event.reason === 'OUT_OF_REACH',
  ).length
  return { minted, outOfReach }
}

/** What a provider may do with one of its partitions in a block, and what becomes of it there. */
function act(
  context: BlockContext,
  model: Model,
  number: number,
  random: (bound: number) => number,
  diligence: number,
): void {
  const { store, height } = context
  const partition = partitionOf(store, PROVIDER, number)
  const { challenge: open, recovery } = partition
  const frozen = open === undefined ? [] : membersAt(store, PROVIDER, number, open.frozenAt)
  const mayAnswer = (asked: { epoch: number; openedAt: number }): boolean =>
    asked.openedAt < height && !isTooLate(context, partition, asked)
  if (open !== undefined && mayAnswer(open) && random(2) === 0 && random(16) < diligence) {
    const numbers = frozen.map((member) => member.number)
    const reach = open.epoch - reachOf(context.params, PROFILE.name)
    model.answer(numbers, { block: model.drawnIn.get(number)!.block, reach }, height)
    closeChallenge(context, PROVIDER, number, 'answered')
  } else if (open?.deadline === height && !isVoid(context, partition, open)) {
    for (const { number: sector, expiry } of frozen) model.stop(sector, expiry <= height ? 'over' : 'faulty')
  }
  if (recovery !== undefined && mayAnswer(recovery) && random(3) === 0) {
    for (const { number: sector } of recoveryMembers(store, PROVIDER, number)) {
      if (requireSector(store, PROVIDER, sector).status === 'active') model.sectors.get(sector)!.state = 'sound'
    }
    acceptRecovery(context, PROVIDER, number)
  }
  const [victim] = membersAt(store, PROVIDER, number, NOW)
  const isAsked = partitionOf(context.store, PROVIDER, number).challenge?.deadline === height
  if (victim !== undefined && !isAsked && random(40) === 0) {
    if (random(2) === 0) declareFault(context, PROVIDER, victim.number)
    else terminateSector(context, PROVIDER, victim.number, 'REQUESTED')
    model.stop(victim.number, 'faulty')
  }
  if (random(4) === 0) request(context, number)
}

function request(context: BlockContext, number: number): void {
  const { store, height } = context
  const partition = partitionOf(store, PROVIDER, number)
  const isFree = partition.requestedAt === undefined && partition.recovery === undefined
  const faulty = allMembers(store, PROVIDER, number).filter(
    (member) =>
      !isListed(partition, member, NOW) &&
      requireSector(store, PROVIDER, member.number).status === 'active' &&
      member.expiry > height,
  )
  if (faulty.length === 0 || !isFree || partition.recoveryBarredUntil > height) return
  const positions = faulty.map(({ position }) => position)
  enqueueRecovery(context, PROVIDER, number, positions)
}

function partitionNumbers({ store }: BlockContext): number[] {
  const { next } = tables.partitionNumbers.get(store, PROVIDER) ?? { next: 0 }
  return Array.from({ length: next }, (_, index) => index)
}

/** @param count: of random providers on random chains */
export function compareRandomRewards(count: number): void {
  const runs = fc.record({
    seed: fc.nat(2 ** 24),
    diligence: fc.integer({ min: 0, max: 16 }),
    cutoff: fc.integer({ min: 1, max: 9 }),
    beaconGaps: fc.boolean(),
    stops: fc.nat(4),
    design: fc.integer({ min: 1, max: 30 }),
    rewardHalving: fc.integer({ min: 1, max: 400 }),
  })
  fc.assert(
    fc.property(runs, (run) => {
      compareRewards(run)
    }),
    { numRuns: count },
  )
}
