import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createMemoryState } from './memory-state.ts'

const key = fc.tuple(fc.constantFrom('a', 'ab', 'b'), fc.nat({ max: 9 })).map(([table, part]) => `${table}/${part}`)
const write = fc.tuple(key, fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 })))

test('reads and ranges are those of a map that is sorted each time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(write)),
      fc.constantFrom('a/', 'ab/', 'b/'),
      fc.option(key),
      (blocks, prefix, after) => {
        const state = createMemoryState()
        const naive = new Map<string, Uint8Array>()
        for (const writes of blocks) {
          state.commit(new Map(writes))
          for (const [name, value] of new Map(writes)) {
            if (value === null) naive.delete(name)
            else naive.set(name, value)
          }
        }
        const expected = [...naive]
          .filter(([name]) => name.startsWith(prefix) && (after === null || name > after))
          .sort(([a], [b]) => (a < b ? -1 : 1))
        expect([...state.range(prefix, after ?? undefined)]).toEqual(expected)
        for (const [name, value] of naive) expect(state.get(name)).toEqual(value)
      },
    ),
  )
})
