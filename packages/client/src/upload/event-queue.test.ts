import { expect, test } from '@jest/globals'
import { createEventQueue } from './event-queue.ts'

test('a reader gets what happens in order, what was there before it came, and an end', async () => {
  const queue = createEventQueue<number>()
  queue.push(1)
  const reading = Array.fromAsync(queue)
  await Promise.resolve()
  queue.push(2)
  queue.push(3)
  queue.end()
  expect(await reading).toEqual([1, 2, 3])
  expect(await Array.fromAsync(queue)).toEqual([1, 2, 3])
})

test('of more than anybody reads the last are kept, and the very last always', async () => {
  const queue = createEventQueue<number>()
  for (let n = 0; n < 5_000; n += 1) queue.push(n)
  queue.end()
  const read = await Array.fromAsync(queue)
  expect(read).toHaveLength(1_024)
  expect(read.at(-1)).toBe(4_999)
})
