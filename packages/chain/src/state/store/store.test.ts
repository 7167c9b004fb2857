import { encodeRecord, struct, uint } from '@granary/protocol/codec'
import { MessageInvalidError } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createMemoryState } from '../../../test/memory-state.ts'
import { createOverlay, readRecord, type Store } from './store.ts'

interface Pair {
  readonly first: number
  readonly second: number
}

const pair = struct<Pair>('Pair', { first: uint(53), second: uint(8) })
const bytesOf = (first: number) => encodeRecord(pair, { first, second: 1 })
const keys = ['a/1', 'a/2', 'b/1', 'b/2', 'b']

/** What a transaction writes, as bytes, as a record or as a deletion; and whether it fails. */
const write = fc.tuple(fc.constantFrom(...keys), fc.option(fc.nat(), { nil: null }), fc.boolean())
const transaction = fc.record({ writes: fc.array(write, { maxLength: 6 }), fails: fc.boolean() })
const block = fc.array(transaction, { maxLength: 5 })

function expectSame(store: Store, model: ReadonlyMap<string, number>): void {
  for (const key of keys) {
    const first = model.get(key)
    expect(readRecord(store, key, pair)).toEqual(first === undefined ? undefined : { first, second: 1 })
    expect(store.get(key)).toEqual(first === undefined ? undefined : bytesOf(first))
  }
  for (const prefix of ['a/', 'b/']) {
    const below = [...model].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
    expect([...store.range(prefix)]).toEqual(below.map(([key, first]) => [key, bytesOf(first)]))
  }
}

test('bytes and records are two views of one state; a dropped overlay drops its part, whichever way it was written', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 4 }), (blocks) => {
      const state = createMemoryState()
      let committed = new Map<string, number>()
      for (const transactions of blocks) {
        const overlay = createOverlay(state)
        for (const { writes, fails } of transactions) {
          const inner = createOverlay(overlay)
          const model = new Map(committed)
          for (const [key, first, asRecord] of writes) {
            if (first === null) inner.delete(key)
            else if (asRecord) inner.putRecord(key, pair, { first, second: 1 })
            else inner.put(key, bytesOf(first))
            if (first === null) model.delete(key)
            else model.set(key, first)
          }
          expectSame(inner, model)
          if (!fails) {
            inner.commitTo(overlay)
            committed = model
          }
          expectSame(overlay, committed)
        }
        state.commit(overlay.writes())
        expect(new Map([...state.range('')])).toEqual(
          new Map([...committed].map(([key, first]) => [key, bytesOf(first)])),
        )
      }
    }),
    { numRuns: 200 },
  )
})

test('what cannot be encoded is refused when it is written, and nothing is written', () => {
  const overlay = createOverlay(createMemoryState())
  for (const wrong of [
    { first: 1, second: 256 },
    { first: -1, second: 1 },
    { first: 0.5, second: 1 },
  ]) {
    expect(() => overlay.putRecord('a/1', pair, wrong)).toThrow(MessageInvalidError)
  }
  expect(overlay.writes().size).toBe(0)
})
