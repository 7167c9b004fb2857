import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { addSector, createRules, PROVIDER } from '../../../test/rules.ts'
import { recount } from '../machine/recount.ts'
import type { BlockContext } from '../store/context.ts'
import { partitionOf } from './partitions.ts'
import { addRedraw, removeRedraw, takeRedraws } from './redraws.ts'

const PARTITIONS = 40

/** With as many partitions of one sector. */
function rulesWithPartitions(): { readonly begin: (entropy: number) => BlockContext } {
  const rules = createRules({ partitionSectorsMax: 1, slotPartitionsMax: 4 })
  let height = 0
  const begin = (entropy: number): BlockContext => {
    height += 1
    return rules.begin(height, { timeMs: height * 500, entropy })
  }
  const first = begin(1)
  for (let number = 0; number < PARTITIONS; number++) {
    expect(addSector(first, { number, expiry: 10_000, profile: '512MiB' })).toBe(number)
  }
  return { begin }
}

test('what was void is drawn again without replacement, four an epoch, in an order that each epoch decides', () => {
  const orders = [1, 2].map((seed) => {
    const { begin } = rulesWithPartitions()
    const all = [...Array(PARTITIONS).keys()]
    let context = begin(seed)
    for (const partition of all) addRedraw(context, { provider: PROVIDER, partition })
    const drawn: number[] = []
    for (let epoch = 0; epoch < PARTITIONS / 4; epoch++) {
      const taken = takeRedraws(context, context.height).map(({ partition }) => partition)
      expect(taken).toHaveLength(4)
      drawn.push(...taken)
      recount(context.store)
      context = begin(seed + epoch * 7)
    }
    expect(takeRedraws(context, context.height)).toEqual([])
    expect(drawn.toSorted((a, b) => a - b)).toEqual(all)
    return drawn
  })
  expect(orders[0]).not.toEqual(orders[1])
})

test('whoever leaves the set by itself leaves no hole, in any order', () => {
  const steps = fc.array(fc.record({ partition: fc.nat(PARTITIONS - 1), adds: fc.boolean(), draws: fc.nat(9) }))
  fc.assert(
    fc.property(steps, (given) => {
      const { begin } = rulesWithPartitions()
      const waiting = new Set<number>()
      for (const { partition, adds, draws } of given) {
        const context = begin(draws)
        const place = { provider: PROVIDER, partition }
        if (!adds) {
          removeRedraw(context, place)
          waiting.delete(partition)
        } else if (!waiting.has(partition)) {
          addRedraw(context, place)
          waiting.add(partition)
        }
        if (draws === 0) for (const taken of takeRedraws(context, context.height)) waiting.delete(taken.partition)
        for (let number = 0; number < PARTITIONS; number++) {
          expect(partitionOf(context.store, PROVIDER, number).redraw !== undefined).toBe(waiting.has(number))
        }
        recount(context.store)
      }
    }),
    { numRuns: 20 },
  )
})
