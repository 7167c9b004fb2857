import { APP_HASH_KEY } from '@granary/protocol/header'
import { expect, test } from '@jest/globals'
import { rememberCommitted } from './remember-committed.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** A state by its keys, and which of them were read. */
function stateOf(records: Record<string, Uint8Array>, entriesMax?: number) {
  const read: string[] = []
  const reader = {
    get: (key: string) => {
      if (key !== APP_HASH_KEY) read.push(key)
      return records[key]
    },
    range: () => [],
  }
  return { read, committed: rememberCommitted(reader, entriesMax), records }
}

test('a record is read once between two blocks, also one that there is not', () => {
  const { read, committed } = stateOf({ [APP_HASH_KEY]: bytes(1), a: bytes(5) })
  for (let call = 0; call < 3; call++)
    expect([committed().get('a'), committed().get('b')]).toEqual([bytes(5), undefined])
  expect(read).toEqual(['a', 'b'])
})

test('after a block all is read again', () => {
  const { committed, records } = stateOf({ [APP_HASH_KEY]: bytes(1), a: bytes(5) })
  expect([committed().get('a'), committed().get('b')]).toEqual([bytes(5), undefined])
  Object.assign(records, { [APP_HASH_KEY]: bytes(2), a: bytes(6), b: bytes(7) })
  expect([committed().get('a'), committed().get('b')]).toEqual([bytes(6), bytes(7)])
})

test('before a first block nothing is remembered', () => {
  const { committed, records } = stateOf({ a: bytes(5) })
  expect(committed().get('a')).toEqual(bytes(5))
  records.a = bytes(6)
  expect(committed().get('a')).toEqual(bytes(6))
})

test('more than it remembers is read again, and the same', () => {
  const { read, committed } = stateOf({ [APP_HASH_KEY]: bytes(1), a: bytes(5), b: bytes(6), c: bytes(7) }, 2)
  for (let call = 0; call < 2; call++)
    expect(['a', 'b', 'c'].map((key) => committed().get(key))).toEqual([bytes(5), bytes(6), bytes(7)])
  expect(read.length).toBeGreaterThan(3)
})
