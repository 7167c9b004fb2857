import { expect, test } from '@jest/globals'
import { createComparison } from './comparison.ts'

async function nextOf(comparison: ReturnType<typeof createComparison>, living: readonly number[]): Promise<number[]> {
  let compared: readonly number[] = []
  await comparison.next(living, async (partitions) => {
    compared = partitions
  })
  return [...compared]
}

test('after a start and after a gap all partitions are compared, else one after the other', async () => {
  const comparison = createComparison()
  expect(await nextOf(comparison, [0, 2, 5])).toEqual([0, 2, 5])
  const round = [await nextOf(comparison, [0, 2, 5]), await nextOf(comparison, [0, 2, 5])]
  round.push(await nextOf(comparison, [0, 2, 5]))
  expect(round.flat().toSorted((a, b) => a - b)).toEqual([0, 2, 5])
  comparison.restart()
  expect(await nextOf(comparison, [0, 2, 5])).toEqual([0, 2, 5])
  expect(await nextOf(comparison, [])).toEqual([])
})

test('what could not be compared is compared the next time', async () => {
  const comparison = createComparison()
  const failing = comparison.next([0, 1], async () => {
    throw new Error('the node is away')
  })
  await expect(failing).rejects.toThrow('away')
  expect(await nextOf(comparison, [0, 1])).toEqual([0, 1])
})
