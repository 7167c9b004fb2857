import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createSortedKeys } from './sorted-keys.ts'

const key = fc.integer({ min: 0, max: 999 }).map((number) => `table/${number.toString().padStart(3, '0')}`)
/** Many keys at once and few, as an overlay gets them; after each part a range is read. */
const part = fc.record({
  added: fc.oneof(fc.array(key, { maxLength: 3 }), fc.array(key, { minLength: 50, maxLength: 200 })),
  prefix: fc.constantFrom('table/', 'table/1', 'table/99', 'table', 'tabla', 'tablf'),
  after: fc.option(key, { nil: undefined }),
})

test('a range has the keys below its prefix, above another, in their order, however they came', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const keys = createSortedKeys()
      const all = new Set<string>()
      for (const { added, prefix, after } of parts) {
        for (const each of added) {
          if (!all.has(each)) keys.add(each)
          all.add(each)
        }
        const expected = [...all].filter((each) => each.startsWith(prefix) && (after === undefined || each > after))
        expect(keys.range(prefix, after)).toEqual(expected.toSorted())
      }
    }),
  )
})
