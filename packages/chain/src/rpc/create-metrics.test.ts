import { expect, test } from '@jest/globals'
import { createMetrics } from './create-metrics.ts'

test('counters, gauges and histograms are written as Prometheus reads them', () => {
  const metrics = createMetrics()
  const count = metrics.counter('requests_total', 'Requests.')
  let height = 1
  metrics.gauge('height', 'The last block.', () => height)
  const observe = metrics.histogram('block_seconds', 'Blocks.', [0.1, 1])
  count({ code: 'a"b\\c\nd' })
  count({ code: 'x' }, 2)
  count({ code: 'x' })
  height = 7
  for (const seconds of [0.05, 0.1, 0.5, 9]) observe(seconds)
  expect(metrics.text()).toBe(
    [
      '# HELP requests_total Requests.',
      '# TYPE requests_total counter',
      'requests_total{code="a\\"b\\\\c\\nd"} 1',
      'requests_total{code="x"} 3',
      '# HELP height The last block.',
      '# TYPE height gauge',
      'height 7',
      '# HELP block_seconds Blocks.',
      '# TYPE block_seconds histogram',
      'block_seconds_bucket{le="0.1"} 2',
      'block_seconds_bucket{le="1"} 3',
      'block_seconds_bucket{le="+Inf"} 4',
      'block_seconds_sum 9.65',
      'block_seconds_count 4',
      '',
    ].join('\n'),
  )
})

test('labels that are made up without end take bounded memory', () => {
  const metrics = createMetrics()
  const count = metrics.counter('c', 'C.')
  for (let index = 0; index < 10_000; index += 1) count({ path: String(index) })
  expect(metrics.text().split('\n').length).toBeLessThan(600)
  expect(metrics.text()).toContain('c{other="true"} 9500')
})
