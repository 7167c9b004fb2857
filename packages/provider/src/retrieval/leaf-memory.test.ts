import { expect, test } from '@jest/globals'
import { createLeafMemory, leafBytesMax } from './leaf-memory.ts'

const LEAF_BYTES = 1024 * 1024

test('memory that was given back is taken again, and there is a bound on what is made', () => {
  const memory = createLeafMemory()
  const first = memory.take(LEAF_BYTES)!
  const all = [first.buffer]
  for (let next = memory.take(65_536); next !== undefined; next = memory.take(65_536)) all.push(next.buffer)
  expect(new Set(all).size).toBe(32)
  memory.handOver(first.buffer)
  memory.giveBack(first.buffer)
  expect(memory.take(100_000)?.buffer).toBe(first.buffer)
  expect(memory.take(100_000)).toBeUndefined()
})

test('a block that is small or large has memory of its own', () => {
  const memory = createLeafMemory()
  expect(memory.take(65_535)).toBeUndefined()
  expect(memory.take(leafBytesMax + 1)).toBeUndefined()
})
