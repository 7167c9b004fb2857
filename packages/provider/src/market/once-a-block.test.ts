import { expect, test } from '@jest/globals'
import { onceABlock } from './once-a-block.ts'

test('the chain is asked once a block, whoever waits; and each time where no block is heard, or nothing was answered', async () => {
  let block: number | undefined = 1
  let failure: Error | undefined
  let count = 0
  const asked = onceABlock(
    async () => {
      count += 1
      if (failure !== undefined) throw failure
      return count
    },
    () => block,
  )
  expect(await Promise.all([asked(), asked(), asked()])).toEqual([1, 1, 1])
  expect(await asked()).toBe(1)
  block = 2
  failure = new Error('the chain is away')
  const failed = await Promise.allSettled([asked(), asked()])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  failure = undefined
  expect(await asked()).toBe(3)
  block = undefined
  expect([await asked(), await asked()]).toEqual([4, 5])
})
