import { expect, test } from '@jest/globals'
import { createTurns } from './turns.ts'

const SLICE = 32 * 1024
const ANSWERS = 16
const SLICES = 32

test('however many answers are sent, the event loop turns after a quarter of a MiB, and each has its share', async () => {
  const untilTurn = createTurns()
  const sent = Array.from({ length: ANSWERS }, () => 0)
  const each: number[] = []
  let ofTurn = 0
  let isOver = false
  const turn = (): void => {
    each.push(ofTurn)
    ofTurn = 0
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  let apartMost = 0
  await Promise.all(
    sent.map(async (_, answer) => {
      for (let slice = 0; slice < SLICES; slice += 1) {
        await untilTurn(SLICE)
        ofTurn += SLICE
        sent[answer]! += 1
        apartMost = Math.max(apartMost, Math.max(...sent) - Math.min(...sent))
      }
    }),
  )
  isOver = true
  expect(Math.max(...each)).toBe(256 * 1024)
  expect(apartMost).toBeLessThanOrEqual(2)
})
