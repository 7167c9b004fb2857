import { expect, test } from '@jest/globals'
import type { CometFigures } from '../engine/engine.ts'
import { createCometMetrics } from './comet-metrics.ts'
import { createMetrics } from './create-metrics.ts'

const all: CometFigures = {
  isUp: true,
  height: 9,
  isCatchingUp: false,
  peers: 3,
  round: 1,
  mempoolTxs: 2,
  mempoolBytes: 400,
  validatorsMissing: 1,
  validators: 4,
}

const samples = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

test('what CometBFT says of itself stands beside the figures of its node', async () => {
  const metrics = createMetrics()
  const comet = createCometMetrics(metrics, async () => all)
  await comet.ask()
  expect(samples(metrics.text())).toEqual([
    'granary_comet_up 1',
    'granary_comet_height 9',
    'granary_comet_catching_up 0',
    'granary_comet_peers 3',
    'granary_comet_round 1',
    'granary_comet_mempool_txs 2',
    'granary_comet_mempool_bytes 400',
    'granary_comet_validators 4',
    'granary_comet_validators_missing 1',
  ])
})

test('of a CometBFT that does not answer it is said alone that it does not', async () => {
  const metrics = createMetrics()
  const comet = createCometMetrics(metrics, async () => ({ isUp: false }))
  expect(samples(metrics.text())).toEqual([])
  await comet.ask()
  expect(samples(metrics.text())).toEqual(['granary_comet_up 0'])
})

test('however many read them, it is asked once', async () => {
  let asked = 0
  const answered = Promise.withResolvers<CometFigures>()
  const comet = createCometMetrics(createMetrics(), () => {
    asked += 1
    return answered.promise
  })
  const reading = [comet.ask(), comet.ask()]
  answered.resolve(all)
  await Promise.all(reading)
  await comet.ask()
  expect(asked).toBe(1)
})
