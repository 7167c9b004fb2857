/** The test of what a block takes, for as many sectors as its tier has time for. */
import { expect, test } from '@jest/globals'
import { measureBlockWork } from './block-work.ts'

const HAPPENS = [
  'nothing',
  'challenge:opened',
  'post:accepted',
  'post:missed',
  'fault:declared',
  'recovery:accepted',
  'sector:precommitted',
  'sector:expired NOT_PROVEN',
  'sector:expired EXPIRED',
  'sector:terminated REQUESTED',
  'sector:terminated FAULT_TOO_OLD',
  'deal:published',
  'deal:paid',
  'deal:lapsed',
  'deal:terminated',
  'deal:expired',
]

/** @param few, many: sectors, and as many deals */
export function blockWorkTest(few: number, many: number, timeoutMs: number): void {
  test(
    `whatever happens in it, no block reads or writes more over ${many.toLocaleString('en')} sectors and deals than over ${few.toLocaleString('en')}`,
    () => {
      const [least, most] = [measureBlockWork(few), measureBlockWork(many)]
      expect([...most.keys()]).toEqual(expect.arrayContaining(HAPPENS))
      const growing = [...most].filter(([what, { read, written, pages }]) => {
        const before = least.get(what) ?? { read: 0, written: 0, pages: 0 }
        return read > 1.5 * before.read + 2 || written > 1.5 * before.written + 2 || pages > 3 * before.pages
      })
      expect(growing.map(([what, work]) => ({ what, work, before: least.get(what) }))).toEqual([])
    },
    timeoutMs,
  )
}
