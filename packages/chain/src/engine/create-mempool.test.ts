import { expect, test } from '@jest/globals'
import type { Address, Hash } from '../messages/index.ts'
import { createMempool, type PendingTx } from './create-mempool.ts'

const alice: Address = `0x${'aa'.repeat(20)}`
const bob: Address = `0x${'bb'.repeat(20)}`
const ROOM = { bytes: 1000, units: 1000 }

let counter = 0
function tx(over: Partial<PendingTx> & { size?: number } = {}): PendingTx {
  counter += 1
  const id: Hash = `0x${counter.toString(16).padStart(64, '0')}`
  const { size = 100, ...rest } = over
  return {
    id,
    bytes: new Uint8Array(size),
    kind: 'Transfer',
    sender: alice,
    lane: 0,
    sequence: 0,
    class: 'general',
    units: 10,
    checkMs: 0,
    ...rest,
  }
}

test('the transactions of a lane keep their order, and a lane stops at the first that does not fit', () => {
  const mempool = createMempool()
  const lane = [tx({ sequence: 0 }), tx({ sequence: 1, size: 450 }), tx({ sequence: 2 })]
  const other = tx({ sender: bob })
  for (const each of [...lane, other]) mempool.add(each)
  expect(mempool.select(ROOM)).toEqual([lane[0], other])
  expect(mempool.pendingInLane(alice, 0)).toBe(3)
})

test('proofs find half of a block free, however much else waits', () => {
  const mempool = createMempool()
  for (let lane = 0; lane < 20; lane += 1) mempool.add(tx({ lane }))
  const proofs = Array.from({ length: 8 }, (_, lane) => tx({ sender: bob, lane, class: 'proving' }))
  for (const proof of proofs.slice(0, 5)) mempool.add(proof)
  expect(mempool.select(ROOM).filter((each) => each.class === 'general')).toHaveLength(5)
  for (const proof of proofs.slice(5)) mempool.add(proof)
  const selected = mempool.select(ROOM)
  expect(selected.filter((each) => each.class === 'proving')).toEqual(proofs)
  expect(selected.filter((each) => each.class === 'general')).toHaveLength(2)
})

test('others never take more than their half, proofs may take all', () => {
  const onlyGeneral = createMempool()
  const onlyProofs = createMempool()
  for (let lane = 0; lane < 20; lane += 1) {
    onlyGeneral.add(tx({ lane }))
    onlyProofs.add(tx({ lane, class: 'proving' }))
  }
  expect(onlyGeneral.select(ROOM)).toHaveLength(5)
  expect(onlyProofs.select(ROOM)).toHaveLength(10)
})

test('a block is also bounded by its units of verification', () => {
  const mempool = createMempool()
  for (let lane = 0; lane < 5; lane += 1) mempool.add(tx({ lane, units: 200 }))
  expect(mempool.select(ROOM)).toHaveLength(2)
})

test('a proof behind another message of its lane waits for that one', () => {
  const mempool = createMempool()
  const first = tx({ sequence: 0 })
  const proof = tx({ sequence: 1, class: 'proving' })
  mempool.add(first)
  mempool.add(proof)
  expect(mempool.select(ROOM)).toEqual([first, proof])
})

test('what builds on a dropped transaction is dropped with it', () => {
  const mempool = createMempool()
  const lane = [tx({ sequence: 4 }), tx({ sequence: 5 }), tx({ sequence: 6 })]
  for (const each of lane) mempool.add(each)
  expect(mempool.removeFrom(lane[1]!.id)).toEqual([lane[1], lane[2]])
  expect(mempool.size).toBe(1)
  expect(mempool.firstInLane(alice, 0)).toBe(lane[0])
})

test('it is bounded in transactions, bytes and by lane, and half of it is kept for proofs', () => {
  const byCount = createMempool({ txsMax: 4 })
  byCount.add(tx({ lane: 0 }))
  byCount.add(tx({ lane: 1 }))
  expect(() => byCount.add(tx({ lane: 2 }))).toThrow(expect.objectContaining({ code: 'MEMPOOL_FULL', retryable: true }))
  byCount.add(tx({ lane: 2, class: 'proving' }))
  byCount.add(tx({ lane: 3, class: 'proving' }))
  expect(() => byCount.add(tx({ lane: 4, class: 'proving' }))).toThrow(
    expect.objectContaining({ code: 'MEMPOOL_FULL' }),
  )

  const byBytes = createMempool({ bytesMax: 400 })
  byBytes.add(tx({ size: 200 }))
  expect(() => byBytes.add(tx({ lane: 1, size: 1 }))).toThrow(expect.objectContaining({ code: 'MEMPOOL_FULL' }))

  const byLane = createMempool({ laneTxsMax: 1 })
  byLane.add(tx())
  expect(() => byLane.add(tx({ sequence: 1 }))).toThrow(expect.objectContaining({ code: 'MEMPOOL_FULL' }))
})
