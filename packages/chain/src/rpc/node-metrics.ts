/** The metrics of a node: its chain from the events of its engine, its requests from its RPC. */
import type { RequestHandler } from 'express'
import type { ClockStatus } from '../engine/clock/clock.ts'
import type { CometFigures, EngineEvent } from '../engine/engine.ts'
import { createCometMetrics } from './comet-metrics.ts'
import { createMetrics } from './create-metrics.ts'

export interface NodeMetrics {
  observe(event: EngineEvent): void
  /** Measures each request; operations name themselves in `response.locals.operation`. */
  readonly requests: RequestHandler
  text(): Promise<string>
}

export interface NodeMetricsParts {
  readonly height: () => number
  readonly mempoolTxs: () => number
  readonly isHalted: () => boolean
  readonly isStalled: () => boolean
  readonly clock: () => ClockStatus
  /** Of a node on CometBFT. */
  readonly comet?: (() => Promise<CometFigures>) | undefined
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createNodeMetrics(parts: NodeMetricsParts): NodeMetrics {
  const { height, mempoolTxs, isHalted, isStalled, clock } = parts
  const metrics = createMetrics()
  const comet = parts.comet && createCometMetrics(metrics, parts.comet)
  metrics.gauge('granary_chain_height', 'Height of the last block.', height)
  metrics.gauge('granary_chain_halted', '1 when the node had to stop making blocks.', () => Number(isHalted()))
  metrics.gauge('granary_chain_stalled', '1 while no block can be made, by the time or the beacon.', () =>
    Number(isStalled()),
  )
  metrics.gauge('granary_chain_clock_proven', '1 when the beacon has shown what time it is.', () =>
    Number(clock().trust === 'proven'),
  )
  metrics.gauge(
    'granary_chain_beacon_silent_seconds',
    'Since the last new round of the beacon.',
    () => clock().silentMs / 1000,
  )
  metrics.gauge('granary_chain_mempool_txs', 'Transactions that wait for a block.', mempoolTxs)
  const txs = metrics.counter('granary_chain_txs_total', 'Transactions in blocks.')
  const dropped = metrics.counter(
    'granary_chain_txs_dropped_total',
    'Transactions that left the mempool without a block.',
  )
  const blocks = metrics.histogram('granary_chain_block_seconds', 'Making and committing a block.', SECONDS)
  const answers = metrics.histogram('granary_rpc_request_seconds', 'Requests, by operation and status.', SECONDS)
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss())
  metrics.gauge('process_start_time_seconds', 'When the process started.', () =>
    Math.round(performance.timeOrigin / 1000),
  )

  return {
    observe(event) {
      if (event.type === 'tx:dropped') dropped({ code: event.code })
      if (event.type !== 'block') return
      txs({}, event.txs)
      blocks(event.ms / 1000)
    },
    requests(_, response, next) {
      const startedAt = performance.now()
      response.once('close', () => {
        const operation = String(response.locals.operation ?? 'none')
        answers((performance.now() - startedAt) / 1000, { operation, status: String(response.statusCode) })
      })
      next()
    },
    async text() {
      await comet?.ask()
      return metrics.text()
    },
  }
}
