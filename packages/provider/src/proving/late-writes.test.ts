import { expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import { createLateWrites } from './late-writes.ts'

class FullError extends Error {
  readonly code = 'ERR_SQLITE_ERROR'
  readonly errcode = 13
}

function kit() {
  const logged: object[] = []
  const alerts = createAlerts((event) => logged.push(event))
  const written: number[] = []
  const disk = { isFull: false }
  const late = createLateWrites({ folder: '/srv/granary', alerts })
  const write = (n: number): void =>
    late.write(() => {
      if (disk.isFull) throw new FullError('database or disk is full')
      written.push(n)
    })
  return { logged, written, disk, late, write }
}

test('what a full disk refuses is written when it has room again, in order, and said once each way', () => {
  const { logged, written, disk, late, write } = kit()
  write(1)
  disk.isFull = true
  write(2)
  write(3)
  expect(late.retry()).toBe(false)
  expect(written).toEqual([1])
  disk.isFull = false
  write(4)
  expect(written).toEqual([1, 2, 3, 4])
  expect(late.retry()).toBe(true)
  expect(logged).toMatchObject([
    { type: 'alert', code: 'DISK_FULL', subject: '/srv/granary', message: expect.stringContaining('/srv/granary') },
    { type: 'alert:over', code: 'DISK_FULL', subject: '/srv/granary' },
  ])
})

test('what the disk is not to blame for is thrown, and does not stand in the way of the rest', () => {
  const { written, late, write } = kit()
  const faulty = (): void => {
    throw new RangeError('a defect')
  }
  expect(() => late.write(faulty)).toThrow('a defect')
  write(1)
  expect(written).toEqual([1])
})
