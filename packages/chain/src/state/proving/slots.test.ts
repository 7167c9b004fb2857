import { expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { createMemoryState } from '../../../test/memory-state.ts'
import { devnetParams } from '../machine/params.ts'
import { createOverlay, type Overlay } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { isNumberUsed, useNumber } from './sector-numbers.ts'
import { drawSlots, enterSlot, freeSlot, initSlots, leaveSlot, swapsBefore } from './slots.ts'

const params = { ...devnetParams(), provingPeriod: 12, slotPartitionsMax: 2 }

function storeWithRounds(epochs: number): Overlay {
  const store = createOverlay(createMemoryState())
  for (let epoch = 1; epoch <= epochs; epoch++) {
    tables.epochs.put(store, epoch, { round: epoch, timeMs: epoch, provenMs: 0, rewardIndex: 0n })
    const signature = new Uint8Array([...sha256(Uint8Array.of(epoch)), ...new Uint8Array(16)])
    tables.rounds.put(store, epoch, { signature })
  }
  return store
}

test('each period challenges each slot once by its permutation, in an order of its own', () => {
  const store = storeWithRounds(36)
  const periods = [0, 1, 2].map((period) =>
    Array.from({ length: 12 }, (_, index) => drawSlots(store, params, period * 12 + index + 1, index)!.slots),
  )
  for (const slots of periods) {
    expect(slots.map(([certain]) => certain).sort((a, b) => a! - b!)).toEqual([...Array(12).keys()])
    expect(slots.every((drawn) => drawn.length <= 2 && drawn.every((slot) => slot < 12))).toBe(true)
  }
  expect(periods[0]).not.toEqual(periods[1])
  expect(periods.flat().some((drawn) => drawn.length === 2)).toBe(true)
})

test('an epoch without randomness challenges nothing', () => {
  expect(drawSlots(storeWithRounds(3), params, 4, 3)).toBeUndefined()
})

test('partitions go to the least loaded slot, the lowest of equals, until all are full', () => {
  const store = createOverlay(createMemoryState())
  initSlots(store, params)
  const entered = Array.from({ length: 24 }, (_, partition) => {
    const slot = freeSlot(store, params)!
    enterSlot(store, slot, 1000, partition)
    return slot
  })
  expect(entered).toEqual([...Array(12).keys(), ...Array(12).keys()])
  expect(freeSlot(store, params)).toBeUndefined()
  leaveSlot(store, 5, 1000, 5)
  expect(freeSlot(store, params)).toBe(5)
})

test('sector numbers are used once, in any order, and neighbours share a record', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 60 }), (numbers) => {
      const store = createOverlay(createMemoryState())
      const used = new Set<number>()
      for (const number of numbers) {
        expect(isNumberUsed(store, 1000, number)).toBe(used.has(number))
        if (!used.has(number)) useNumber(store, 1000, number)
        used.add(number)
      }
      const runs = [...used].filter((number) => !used.has(number + 1)).length
      expect([...tables.usedNumbers.entries(store, [1000])]).toHaveLength(runs)
      expect(isNumberUsed(store, 1001, 3)).toBe(false)
    }),
  )
})

test('an overlay reads as its writes over what is below', () => {
  const key = fc.constantFrom('a/1', 'a/2', 'a/3', 'a/31', 'b/1', 'b/2', 'c')
  const write = fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 2 })))
  const writes = fc.array(write, { maxLength: 12 })
  fc.assert(
    fc.property(writes, writes, writes, key, (committed, block, tx, after) => {
      const below = createMemoryState()
      below.commit(new Map(committed))
      const lower = createOverlay(below)
      const upper = createOverlay(lower)
      const model = new Map(committed)
      for (const [store, changes] of [
        [lower, block],
        [upper, tx],
      ] as const) {
        for (const [name, value] of changes) {
          model.set(name, value)
          if (value === null) store.delete(name)
          else store.put(name, value)
        }
      }
      const entries = [...model].filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1))
      for (const prefix of ['a/', 'b/', 'c', 'a/3']) {
        const expected = entries.filter(([name]) => name.startsWith(prefix))
        expect([...upper.range(prefix)]).toEqual(expected)
        expect([...upper.range(prefix, after)]).toEqual(expected.filter(([name]) => name > after))
      }
      for (const [name, value] of model) expect(upper.get(name)).toEqual(value ?? undefined)
      upper.commitTo(lower)
      expect([...lower.range('a/')]).toEqual(entries.filter(([name]) => name.startsWith('a/')))
    }),
  )
})

test('what epochs without randomness owe is made up by a second swap an epoch, within the period', () => {
  const store = storeWithRounds(24)
  const certain: number[] = []
  let made = 0
  for (let epoch = 1; epoch <= 12; epoch++) {
    // The first five are given up.
    if (epoch <= 5) continue
    const before = made
    const drawn = drawSlots(store, params, epoch, made)!
    made = drawn.swaps
    expect(drawn.slots.length).toBeLessThanOrEqual(3)
    certain.push(...drawn.slots.slice(0, made - before))
    expect(made).toBe(Math.min(epoch, 2 * (epoch - 5)))
  }
  expect(made).toBe(12)
  expect(certain.toSorted((a, b) => a - b)).toEqual([...Array(12).keys()])
  // What is owed at the end of a period lapses.
  expect([swapsBefore(params, 12, 9), swapsBefore(params, 13, 9)]).toEqual([9, 0])
})
