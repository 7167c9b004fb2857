import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { createTimeline } from './timeline.ts'

test('a long story is read in parts from its beginning, or from its end', () => {
  const timeline = createTimeline(new DatabaseSync(':memory:'))
  const data = { paid: '1', burnt: '0', provenEpochs: 1 }
  for (let epoch = 1; epoch <= 1_500; epoch++) timeline.append('0xa', { type: 'settled', epoch, data })
  timeline.append('0xb', { type: 'agreed', epoch: 1 })
  const first = timeline.read('0xa', 0)
  expect([first.length, first[0]?.epoch, first.at(-1)?.epoch]).toEqual([1_000, 1, 1_000])
  expect(timeline.read('0xa', first.at(-1)!.id).at(-1)?.epoch).toBe(1_500)
  const latest = timeline.latest('0xa')
  expect([latest.length, latest[0]?.epoch, latest.at(-1)?.epoch]).toEqual([1_000, 501, 1_500])
})

test('why a sector came to nothing is told without the paths of the provider, also where they were written down before', () => {
  const timeline = createTimeline(new DatabaseSync(':memory:'))
  const message = "piece file /srv/granary/provider/pieces/bagax.car cannot be read: ENOENT, open '/srv/a b/bagax.car'"
  timeline.append('0xa', { type: 'failed', data: { sector: 1, code: 'PIECE_FILE_INVALID', message } })
  const shown = "piece file bagax.car cannot be read: ENOENT, open 'bagax.car'"
  for (const told of [timeline.latest('0xa'), timeline.read('0xa', 0)])
    expect(told).toMatchObject([{ type: 'failed', sector: 1, code: 'PIECE_FILE_INVALID', message: shown }])
})

test('what happens once is told once, and again where the chain has forgotten it', () => {
  const timeline = createTimeline(new DatabaseSync(':memory:'))
  const end = (): void => timeline.append('0xa', { type: 'cancelled', data: { reason: 'CANCELLED_BY_CLIENT' } })
  end()
  end()
  timeline.append('0xa', { type: 'rolled-back', data: { to: 'active' } })
  end()
  end()
  expect(timeline.latest('0xa').map(({ type }) => type)).toEqual(['cancelled', 'rolled-back', 'cancelled'])
})
