import type { Partition } from '@granary/protocol/records'
import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import { addSector, createRules, PROVIDER, type Rules } from '../../../test/rules.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { isTooLate } from './answer-time.ts'
import { closeChallenge, closeDueChallenges, drawChallenges } from './challenges.ts'
import { declareFault, terminateOldFaults } from './faults.ts'
import { departDue, partitionOf } from './partitions.ts'
import { acceptRecovery, closeDueRecoveries, enqueueRecovery } from './recoveries.ts'
import { decidedThrough, faultedThrough, standingOf } from './spans.ts'

/** 512MiB: a window of 28 epochs is 14 s of the 14.9 s that the profile bears. */
const BLOCK_MS = 500
const WINDOW = 28
const PERIOD = 10
/** Blocks of a minute: none of a window comes in time. */
const STOPPED_MS = 60_000

interface SlowChain {
  readonly rules: Rules
  height: number
  block(afterMs: number, acts?: (context: BlockContext) => void): BlockContext
  partition(): Partition
  count(type: string): number
}

/** A provider with one sector, on a chain whose blocks come when the test says so. */
function slowChain(provingPeriod = PERIOD): SlowChain {
  const rules = createRules({ provingPeriod, faultMaxAge: 10_000 })
  let timeMs = 0
  let partition: Partition
  const self: SlowChain = {
    rules,
    height: 0,
    block: (afterMs, acts = () => undefined) => {
      self.height += 1
      timeMs += afterMs
      const entropy = sha256(Uint8Array.of(self.height & 255, self.height >> 8))[0]!
      const context = rules.begin(self.height, { timeMs, entropy })
      if (self.height === 1) addSector(context, { number: 0, expiry: 100_000, profile: '512MiB' })
      acts(context)
      closeDueChallenges(context)
      closeDueRecoveries(context)
      terminateOldFaults(context)
      departDue(context)
      drawChallenges(context)
      partition = partitionOf(context.store, PROVIDER, 0)
      rules.commit()
      return context
    },
    partition: () => partition,
    count: (type) => rules.events.filter((event) => event.type === type).length,
  }
  return self
}

/** What an honest provider does in each block. */
function answer(context: BlockContext): void {
  const partition = partitionOf(context.store, PROVIDER, 0)
  const { challenge } = partition
  const isOpen = challenge !== undefined && !isTooLate(context, partition, challenge)
  if (isOpen) closeChallenge(context, PROVIDER, 0, 'answered')
}

function spansOf({ store }: BlockContext): { readonly decided: number; readonly faulted: number } {
  const sector = tables.sectors.get(store, PROVIDER, 0)!
  const decided = decidedThrough(store, PROVIDER, sector)
  return { decided, faulted: faultedThrough(store, { provider: PROVIDER, number: 0 }, sector, decided) }
}

function credited({ rules }: SlowChain): bigint {
  const credits = rules.events.filter((event) => event.type === 'reward:credited')
  return credits.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
}

/** Blocks with no answers, until a challenge of the one sector has ended. @returns how */
function firstEnd(blockTimeMs: number): string {
  const chain = slowChain()
  for (;;) {
    const { store, height } = chain.block(blockTimeMs)
    const end = chain.rules.events.find((event) => event.type === 'post:missed' || event.type === 'challenge:void')
    if (end === undefined) continue
    const { stoppedAt } = standingOf(store, PROVIDER, tables.sectors.get(store, PROVIDER, 0)!)
    expect(stoppedAt).toBe(end.type === 'post:missed' ? height : undefined)
    return end.type === 'challenge:void' ? end.reason : end.type
  }
}

test('a challenge on a chain of the right speed is missed when nobody answers', () => {
  expect(firstEnd(BLOCK_MS)).toBe('post:missed')
})

test('slow blocks: a window in which fewer than five came in time is void, neither proven nor missed', () => {
  // From the round, public with the block before the draw, to the fifth after it are six blocks, of the 14.9 s.
  expect(firstEnd(2_480)).toBe('post:missed')
  expect(firstEnd(2_500)).toBe('CHAIN_SLOW')
})

describe('one block late at each challenge', () => {
  test.each([6, WINDOW])('for ten periods, the %ith: it is missed, since five before could have carried it', (late) => {
    const chain = slowChain()
    let sinceDraw = 0
    for (let block = 0; block < 10 * PERIOD; block++) {
      chain.block(sinceDraw === late ? 15_000 : BLOCK_MS)
      sinceDraw = chain.partition().challenge === undefined ? 0 : sinceDraw + 1
    }
    expect(chain.count('challenge:void')).toBe(0)
    expect(chain.count('post:missed')).toBe(1)
  })
})

test('stopping the chain at each challenge: nothing is paid or minted beyond the reach of the answer that comes at last', () => {
  const chain = slowChain()
  for (let block = 0; block < 60; block++) chain.block(BLOCK_MS, answer)
  const before = { closed: chain.partition().closedEpoch, credited: credited(chain) }
  const isOpen = (): boolean => chain.partition().challenge !== undefined
  // The data is away for ten periods: whenever it is asked for, the chain is nearly stopped until that is void.
  for (let block = 0; block < 10 * PERIOD; block++) chain.block(isOpen() ? STOPPED_MS : BLOCK_MS)
  let last = chain.block(BLOCK_MS)
  while (chain.partition().closedEpoch === before.closed) last = chain.block(BLOCK_MS, answer)

  const reach = 2 * PERIOD + last.params.cutoff + WINDOW
  const { closedEpoch, power, rewardIndex } = chain.partition()
  const to = closedEpoch - reach
  expect(to).toBeGreaterThan(before.closed + 5 * PERIOD)
  expect(spansOf(last)).toEqual({ decided: closedEpoch, faulted: to - before.closed })
  const earned = (BigInt(power) * (rewardIndex - tables.epochs.get(last.store, to)!.rewardIndex)) >> 64n
  expect(credited(chain) - before.credited).toBe(earned)
  expect(
    chain.rules.events.filter((event) => event.type === 'reward:forfeited' && event.reason === 'OUT_OF_REACH'),
  ).toHaveLength(1)
  // Neither a fault nor a fee: nobody missed anything.
  expect(chain.count('post:missed') + chain.count('provider:charged')).toBe(0)
})

test('an honest provider on a chain that is slow for an hour loses nothing but time', () => {
  // A period of more blocks than come in that hour, as any chain for others than tests has.
  const period = 100
  const chain = slowChain(period)
  for (let block = 0; block < 3 * period; block++) chain.block(BLOCK_MS, answer)
  for (let block = 0; block < 60; block++) chain.block(STOPPED_MS, answer)
  expect(chain.count('challenge:void')).toBeGreaterThan(0)
  const before = chain.count('reward:credited')
  let last = chain.block(BLOCK_MS, answer)
  for (let block = 0; block < 60; block++) last = chain.block(BLOCK_MS, answer)
  expect(chain.count('post:missed')).toBe(0)
  expect(chain.count('reward:credited')).toBeGreaterThan(before)
  expect(spansOf(last)).toEqual({ decided: expect.any(Number), faulted: 0 })
  expect(spansOf(last).decided).toBeGreaterThan(last.height - 2 * period)
})

test('a recovery whose challenge is void goes back to its place in the queue, and costs nothing', () => {
  const chain = slowChain()
  chain.block(BLOCK_MS)
  chain.block(BLOCK_MS, (context) => {
    declareFault(context, PROVIDER, 0)
    enqueueRecovery(context, PROVIDER, 0, [0])
  })
  const requestedAt = chain.height
  const until = (isReached: () => boolean, blockMs: number): void => {
    while (!isReached()) chain.block(blockMs)
  }
  const isOpen = (): boolean => chain.partition().recovery !== undefined
  until(isOpen, BLOCK_MS)
  const { recovery: first } = chain.partition()
  until(() => chain.count('challenge:void') > 0, STOPPED_MS)
  expect(chain.height).toBe(first!.deadline)
  until(isOpen, BLOCK_MS)
  const { recovery: second } = chain.partition()
  expect(second!.requestedAt).toBe(requestedAt)
  expect(second!.epoch).toBeGreaterThanOrEqual(first!.deadline)
  expect(chain.count('recovery:missed') + chain.count('provider:charged')).toBe(0)
  const context = chain.block(BLOCK_MS, (block) => acceptRecovery(block, PROVIDER, 0))
  expect(spansOf(context).decided).toBe(second!.epoch)
})
