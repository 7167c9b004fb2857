import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { profilesWith } from '../../../test/profiles-with.ts'
import { addSector, createRules, PROVIDER } from '../../../test/rules.ts'
import { devnetParams } from '../machine/params.ts'
import type { BlockContext } from '../store/context.ts'
import { drawsOf } from '../store/draws.ts'
import { tables } from '../store/tables.ts'
import { isTooLate, isVoid } from './answer-time.ts'
import { closeChallenge, closeDueChallenges, drawChallenges } from './challenges.ts'
import { declareFault, terminateOldFaults } from './faults.ts'
import { allMembers, departDue, isListed, membersAt, NOW, partitionOf } from './partitions.ts'
import { acceptRecovery, closeDueRecoveries, enqueueRecovery, recoveryMembers } from './recoveries.ts'
import { decidedThrough, faultedRunTo, faultedThrough } from './spans.ts'

const EPOCHS = 400
const PERIOD = 7
/** A secure one, so that a chain that stops makes its challenges void; its window is as short as that of an insecure one. */
const PROFILE = '512MiB'
const WINDOW = 5
const STOPPED_MS = 5_000

/** What the rules say of a sector, written down epoch by epoch. */
interface ModelSector {
  readonly number: number
  readonly activatedAt: number
  readonly expiry: number
  decided: number
  state: 'sound' | 'faulty' | 'over'
  readonly faultedEpochs: Set<number>
  /** Those before the reach of the answer that came after them. */
  readonly unreached: Set<number>
}

interface Model {
  readonly sectors: Map<number, ModelSector>
  /** Of each partition, the draw of its last answer. */
  readonly answered: Map<number, number>
}

interface Run {
  readonly seed: number
  /** Of 16: how many challenges are answered. */
  readonly diligence: number
  readonly cutoff: number
  readonly beaconGaps: boolean
  /** Of 64 blocks, how many begin an hour in which the chain is nearly stopped, and every challenge void. */
  readonly stops: number
}

interface Counted {
  checked: number
  readonly kinds: Record<string, number>
}

function simulate(run: Run): Counted {
  const random = randomFrom(run.seed)
  const rules = createRules({
    cutoff: run.cutoff,
    provingPeriod: PERIOD,
    partitionSectorsMax: 4,
    faultMaxAge: 60,
    profiles: profilesWith({ [PROFILE]: WINDOW }, devnetParams().profiles),
  })
  let timeMs = 0
  let stoppedUntil = 0
  const model: Model = { sectors: new Map(), answered: new Map() }
  let checked = 0

  for (let height = 1; height <= EPOCHS; height++) {
    const isLate = run.beaconGaps && random(8) === 0
    if (random(64) < run.stops) stoppedUntil = Math.max(stoppedUntil, height + random(6 * PERIOD))
    timeMs += height <= stoppedUntil ? STOPPED_MS : 500
    const context = rules.begin(height, { timeMs, entropy: isLate ? undefined : random(256) })
    if (isLate && random(2) === 0) rules.deliver(height - 1, random(256))

    if (random(12) === 0) join(context, model, random)
    for (const number of partitionNumbers(context)) {
      const isDiligent = random(4) === 0 && random(16) < run.diligence
      const { challenge, recovery } = partitionOf(context.store, PROVIDER, number)
      const partition = partitionOf(context.store, PROVIDER, number)
      const mayAnswer = (open: { epoch: number; openedAt: number }): boolean =>
        isDiligent && open.openedAt < height && !isTooLate(context, partition, open)
      if (challenge !== undefined && mayAnswer(challenge)) decide(context, model, number, 'answered')
      if (recovery !== undefined && mayAnswer(recovery)) recover(context, model, number)
      if (random(24) === 0) declare(context, model, number)
      if (random(4) === 0) request(context, number)
    }
    for (const number of partitionNumbers(context)) {
      const { challenge: open } = partitionOf(context.store, PROVIDER, number)
      if (open?.deadline !== height) continue
      if (!isVoid(context, partitionOf(context.store, PROVIDER, number), open)) decide(context, model, number, 'missed')
    }
    closeDueChallenges(context)
    closeDueRecoveries(context)
    endOldFaults(context, rules.events, model)
    departDue(context)
    drawChallenges(context)
    passFaulty(context, model)
    checked += compare(context, model, random)
    rules.commit()
  }
  const kinds: Record<string, number> = {}
  const count = (kind: string): void => {
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  for (const { type } of rules.events) count(type)
  for (const gap of rules.events.filter((event) => event.type === 'span:unreached')) {
    const isInside = (epoch: number): boolean => epoch > gap.from && epoch < gap.to
    const recoveries = rules.events.filter((event) => event.type === 'recovery:opened')
    if ([...model.sectors.values()].some(({ activatedAt }) => isInside(activatedAt))) count('join in a gap')
    if (recoveries.some(({ epoch }) => isInside(epoch))) count('recovery in a gap')
  }
  return { checked, kinds }
}

function fault(sector: ModelSector, through: number): void {
  for (let epoch = sector.decided + 1; epoch <= through; epoch++) sector.faultedEpochs.add(epoch)
  sector.decided = Math.max(sector.decided, through)
}

/** By the answer to a draw: all since the last proof but what no answer of the partition reached, `gap`. */
function prove(sector: ModelSector, through: number, gap: { readonly from: number; readonly to: number }): void {
  for (let epoch = Math.max(sector.decided, gap.from) + 1; epoch <= Math.min(through, gap.to); epoch++) {
    sector.unreached.add(epoch)
  }
  sector.decided = through
}

/** Writes the verdict of a challenge into the model, and, if it was answered, closes it in the state. */
function decide(context: BlockContext, model: Model, partition: number, outcome: 'answered' | 'missed'): void {
  const { challenge: open } = partitionOf(context.store, PROVIDER, partition)
  const { answered } = model
  const gap = {
    from: answered.get(partition) ?? 0,
    to: open!.epoch - (2 * PERIOD + context.params.cutoff + WINDOW),
  }
  for (const member of membersAt(context.store, PROVIDER, partition, open!.frozenAt)) {
    const sector = model.sectors.get(member.number)!
    if (sector.state !== 'sound') continue
    const isOver = sector.expiry <= context.height
    if (outcome === 'answered') prove(sector, isOver ? sector.expiry : open!.epoch, gap)
    else if (isOver) fault(sector, sector.expiry)
    if (isOver) sector.state = 'over'
    else if (outcome === 'missed') sector.state = 'faulty'
  }
  if (outcome === 'missed') return
  answered.set(partition, open!.epoch)
  closeChallenge(context, PROVIDER, partition, 'answered')
}

function declare(context: BlockContext, model: Model, partition: number): void {
  const [first] = membersAt(context.store, PROVIDER, partition, NOW)
  if (first === undefined) return
  model.sectors.get(first.number)!.state = 'faulty'
  declareFault(context, PROVIDER, first.number)
}

function request(context: BlockContext, number: number): void {
  const partition = partitionOf(context.store, PROVIDER, number)
  const faulty = allMembers(context.store, PROVIDER, number).filter((member) => {
    const sector = tables.sectors.get(context.store, PROVIDER, member.number)!
    return !isListed(partition, member, NOW) && sector.status === 'active' && member.expiry > context.height
  })
  const isFree = partition.requestedAt === undefined && partition.recovery === undefined
  if (faulty.length === 0 || !isFree || partition.recoveryBarredUntil > context.height) return
  const positions = faulty.map(({ position }) => position)
  enqueueRecovery(context, PROVIDER, number, positions)
}

function recover(context: BlockContext, model: Model, number: number): void {
  const { recovery: open } = partitionOf(context.store, PROVIDER, number)
  for (const member of recoveryMembers(context.store, PROVIDER, number)) {
    const sector = model.sectors.get(member.number)!
    if (sector.state !== 'faulty') continue
    fault(sector, open!.epoch)
    sector.state = 'sound'
  }
  acceptRecovery(context, PROVIDER, number)
}

function endOldFaults(context: BlockContext, events: { type: string }[], model: Model): void {
  const before = events.length
  terminateOldFaults(context)
  for (const event of events.slice(before)) {
    const { type, sector: number } = event as { type: string; sector?: number }
    if (number === undefined) continue
    const sector = model.sectors.get(number)!
    expect(sector.state).toBe('faulty')
    const through = type === 'sector:expired' ? sector.expiry : context.height
    fault(sector, through)
    sector.decided = through
    sector.state = 'over'
  }
}

/** Time that passes for a faulty sector is faulted, but for what a recovery that is open may still bring back. */
function passFaulty(context: BlockContext, model: Model): void {
  for (const sector of model.sectors.values()) {
    if (sector.state !== 'faulty') continue
    const { placement } = tables.sectors.get(context.store, PROVIDER, sector.number)!
    const { recovery } = partitionOf(context.store, PROVIDER, placement!.partition)
    fault(sector, recovery?.epoch ?? drawsOf(context.store).through)
  }
}

function join(context: BlockContext, model: Model, random: (bound: number) => number): void {
  const number = model.sectors.size
  const expiry = context.height + 10 + random(120)
  addSector(context, { number, expiry, profile: PROFILE })
  model.sectors.set(number, {
    number,
    activatedAt: context.height,
    expiry,
    decided: context.height,
    state: 'sound',
    faultedEpochs: new Set(),
    unreached: new Set(),
  })
}

function compare({ store, height }: BlockContext, model: Model, random: (bound: number) => number): number {
  const found: object[] = []
  const wanted: object[] = []
  for (const sector of model.sectors.values()) {
    const { number } = sector
    const record = tables.sectors.get(store, PROVIDER, number)!
    const decided = decidedThrough(store, PROVIDER, record)
    const epoch = sector.activatedAt + random(decided - sector.activatedAt + 1)
    const faulted = faultedThrough(store, { provider: PROVIDER, number }, record, epoch)
    const run = faultedRunTo(store, { provider: PROVIDER, number }, record, epoch)
    const last = Array.from({ length: Math.max(1, run) }, (_, index) => sector.faultedEpochs.has(epoch - index))
    found.push({ number, height, epoch, decided, faulted, last: [...new Set(last)] })
    const epochs = [...sector.faultedEpochs, ...sector.unreached].filter((each) => each <= epoch)
    wanted.push({ number, height, epoch, decided: sector.decided, faulted: epochs.length, last: [run > 0] })
  }
  // Thousands of blocks: making ready to fail is most of what comparing costs.
  if (JSON.stringify(found) !== JSON.stringify(wanted)) expect(found).toEqual(wanted)
  return model.sectors.size
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
  test.each([
    [0, 'sector:terminated'],
    [6, 'recovery:opened'],
    [12, 'recovery:opened'],
    [16, 'sector:expired'],
  ] as const)('when %i of 16 answers come, with more than three %s', (diligence, kind) => {
    const { checked, kinds } = simulate({ seed: diligence, diligence, cutoff: 2, beaconGaps: false, stops: 0 })
    expect(checked).toBeGreaterThan(2_000)
    expect(kinds[kind]).toBeGreaterThan(3)
  })

  test('when the chain is stopped for longer than an answer reaches, with joins and recoveries in the gap', () => {
    const { checked, kinds } = simulate({ seed: 3, diligence: 15, cutoff: 2, beaconGaps: false, stops: 2 })
    expect(checked).toBeGreaterThan(2_000)
    for (const kind of ['span:unreached', 'challenge:void', 'join in a gap', 'recovery in a gap']) {
      expect([kind, kinds[kind] ?? 0]).not.toEqual([kind, 0])
    }
  })

  test('for random providers, cutoffs, beacons and stops', () => {
    const runs = fc.record({
      seed: fc.nat(2 ** 24),
      diligence: fc.integer({ min: 0, max: 16 }),
      cutoff: fc.integer({ min: 1, max: 9 }),
      beaconGaps: fc.boolean(),
      stops: fc.nat(4),
    })
    fc.assert(
      fc.property(runs, (run) => {
        simulate(run)
      }),
      { numRuns: 4, examples: [[{ seed: 13, diligence: 6, cutoff: 3, beaconGaps: true, stops: 1 }]] },
    )
  })
})
