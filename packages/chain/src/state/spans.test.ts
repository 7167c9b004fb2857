import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { addSector, createRules, PROVIDER } from '../../test/rules.ts'
import { closeChallenge, closeDueChallenges, drawChallenges } from './challenges.ts'
import type { BlockContext } from './context.ts'
import { membersAt, partitionOf } from './partitions.ts'
import { tables } from './records.ts'
import { decidedThrough, faultedThrough } from './spans.ts'

const EPOCHS = 400

/** What the rules say of a sector, written down epoch by epoch. */
interface ModelSector {
  readonly number: number
  readonly activatedAt: number
  readonly expiry: number
  decided: number
  /** It was in the list of the last challenge, and that was missed. */
  faulty: boolean
  readonly faultedEpochs: Set<number>
}

interface Run {
  readonly seed: number
  /** Of 16: how many challenges are answered. */
  readonly diligence: number
  readonly cutoff: number
  readonly beaconGaps: boolean
}

function simulate(run: Run): { checked: number; ended: number } {
  const random = randomFrom(run.seed)
  const rules = createRules({ cutoff: run.cutoff, provingPeriod: 7, partitionSectorsMax: 4 })
  const { events } = rules
  const model = new Map<number, ModelSector>()
  let checked = 0

  for (let height = 1; height <= EPOCHS; height++) {
    const isLate = run.beaconGaps && random(8) === 0
    const context = rules.begin(height, { timeMs: height * 500, entropy: isLate ? undefined : random(256) })
    if (isLate && random(2) === 0) rules.deliver(height - 1, random(256))

    if (random(12) === 0) join(context, model, random)
    for (const number of partitionNumbers(context)) {
      const [open] = partitionOf(context.store, PROVIDER, number).challenge
      if (open === undefined || height <= open.epoch || random(4) !== 0 || random(16) >= run.diligence) continue
      decide(context, model, number, 'answered')
    }
    for (const number of partitionNumbers(context)) {
      const [open] = partitionOf(context.store, PROVIDER, number).challenge
      if (open?.deadline === height) decide(context, model, number, 'missed')
    }
    closeDueChallenges(context)
    drawChallenges(context)
    checked += compare(context, model, random)
    rules.commit()
  }
  return { checked, ended: events.filter((event) => event.type === 'sector:expired').length }
}

/** Writes the verdict of a challenge into the model, and, if it was answered, closes it in the state. */
function decide(
  context: BlockContext,
  model: Map<number, ModelSector>,
  partition: number,
  outcome: 'answered' | 'missed',
): void {
  const [open] = partitionOf(context.store, PROVIDER, partition).challenge
  for (const member of membersAt(context.store, PROVIDER, partition, open!.frozenAt)) {
    const sector = model.get(member.number)!
    const faulted = outcome === 'missed' || sector.faulty
    const leaves = sector.expiry <= context.height
    const through = leaves ? Math.max(open!.epoch, sector.expiry) : open!.epoch
    for (let epoch = sector.decided + 1; epoch <= through; epoch++) if (faulted) sector.faultedEpochs.add(epoch)
    sector.decided = leaves ? sector.expiry : open!.epoch
    sector.faulty = outcome === 'missed'
  }
  if (outcome === 'answered') closeChallenge(context, PROVIDER, partition, 'answered')
}

function join(context: BlockContext, model: Map<number, ModelSector>, random: (bound: number) => number): void {
  const number = model.size
  const expiry = context.height + 10 + random(120)
  addSector(context, { number, expiry, profile: '2KiB-test' })
  model.set(number, {
    number,
    activatedAt: context.height,
    expiry,
    decided: context.height,
    faulty: false,
    faultedEpochs: new Set(),
  })
}

function compare({ store }: BlockContext, model: Map<number, ModelSector>, random: (bound: number) => number): number {
  for (const sector of model.values()) {
    const record = tables.sectors.get(store, PROVIDER, sector.number)!
    const decided = decidedThrough(store, PROVIDER, record)
    expect({ number: sector.number, decided }).toEqual({ number: sector.number, decided: sector.decided })
    const epoch = sector.activatedAt + random(decided - sector.activatedAt + 1)
    const faulted = [...sector.faultedEpochs].filter((each) => each <= epoch).length
    expect({ sector: sector.number, epoch, faulted: faultedThrough(store, PROVIDER, record, epoch) }).toEqual({
      sector: sector.number,
      epoch,
      faulted,
    })
  }
  return model.size
}

function partitionNumbers({ store }: BlockContext): number[] {
  const { next } = tables.partitionNumbers.get(store, PROVIDER) ?? { next: 0 }
  return Array.from({ length: next }, (_, index) => index)
}

/** Numbers below a bound, the same for the same seed. */
function randomFrom(seed: number): (bound: number) => number {
  let state = sha256(Uint8Array.of(seed & 255, (seed >> 8) & 255, (seed >> 16) & 255, 1))
  return (bound) => {
    state = sha256(state)
    return ((state[0]! << 16) | (state[1]! << 8) | state[2]!) % bound
  }
}

describe('proven time by sums is what the rules say epoch by epoch', () => {
  test.each([0, 6, 12, 16])('when %i of 16 answers come', (diligence) => {
    const { checked, ended } = simulate({ seed: diligence, diligence, cutoff: 2, beaconGaps: false })
    expect(checked).toBeGreaterThan(2_000)
    expect(ended).toBeGreaterThan(3)
  })

  test('for random providers, cutoffs and beacons', () => {
    const runs = fc.record({
      seed: fc.nat(2 ** 24),
      diligence: fc.integer({ min: 0, max: 16 }),
      cutoff: fc.integer({ min: 1, max: 9 }),
      beaconGaps: fc.boolean(),
    })
    fc.assert(
      fc.property(runs, (run) => {
        simulate(run)
      }),
      { numRuns: 8 },
    )
  })
})
