import { expect, test } from '@jest/globals'
import { createBlockRoom } from './block-room.ts'

const LIMITS = { blockBytes: 1_000, blockVerifyUnits: 10_000 }
const one = { bytes: 100, units: 10 } as const

test('answers may take all of a block, general messages half of it', () => {
  const answers = createBlockRoom(LIMITS)
  for (let count = 0; count < 10; count++) expect(answers.take({ ...one, kind: 'SubmitPost' })).toBe(true)
  expect(answers.take({ ...one, kind: 'SubmitPost' })).toBe(false)
  const general = createBlockRoom(LIMITS)
  for (let count = 0; count < 5; count++) expect(general.take({ ...one, kind: 'Transfer' })).toBe(true)
  expect(general.fits({ ...one, kind: 'Transfer' })).toBe(false)
  expect(general.general).toEqual({ bytes: 500, units: 50 })
  expect(general.fits({ ...one, kind: 'SubmitPost' })).toBe(true)
})

test('declarations and requests have what answers leave of their half, and never the room of general messages', () => {
  const room = createBlockRoom(LIMITS)
  for (let count = 0; count < 3; count++) expect(room.take({ ...one, kind: 'SubmitPost' })).toBe(true)
  expect(room.take({ ...one, kind: 'DeclareFaults' })).toBe(true)
  expect(room.take({ ...one, kind: 'RequestRecovery' })).toBe(true)
  expect(room.take({ ...one, kind: 'RequestRecovery' })).toBe(false)
  for (let count = 0; count < 5; count++) expect(room.take({ ...one, kind: 'Transfer' })).toBe(true)
})

test('what is too large in units is too large, however few its bytes', () => {
  const room = createBlockRoom(LIMITS)
  expect(room.take({ kind: 'Transfer', bytes: 1, units: 5_001 })).toBe(false)
  expect(room.take({ kind: 'SubmitPost', bytes: 1, units: 10_000 })).toBe(true)
  expect(room.take({ kind: 'Transfer', bytes: 1, units: 1 })).toBe(false)
})
