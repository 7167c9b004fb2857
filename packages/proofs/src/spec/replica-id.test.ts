import { expect, test } from '@jest/globals'
import { fromHex, hex, vectors } from '../../test/support.ts'
import { proverIdOf, replicaIdOf } from './replica-id.ts'

interface Item {
  actor: number
  registered_id: number
  prover_id: string
  sector: number
  ticket: string
  comm_d: string
  replica_id: string
}
const { items } = vectors<{ items: Item[] }>('replica-id')

test.each(items)('the replica id of sector $sector of provider $actor is the published one', (item) => {
  const proverId = proverIdOf(item.actor)
  expect(hex(proverId)).toBe(item.prover_id)
  const porepId = new Uint8Array(32).fill(item.registered_id, 0, 1)
  const commD = fromHex(item.comm_d)
  const ticket = fromHex(item.ticket)
  expect(hex(replicaIdOf({ proverId, sectorNumber: item.sector, ticket, commD, porepId }))).toBe(item.replica_id)
})

test.each([
  [0, '00'],
  [127, '7f'],
  [128, '8001'],
  [1000, 'e807'],
  [2 ** 32, '8080808010'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
])('provider %d is the uvarint %s, padded', (provider, uvarint) => {
  expect(hex(proverIdOf(provider))).toBe(uvarint.padEnd(64, '0'))
})
