/** What of CometBFT stands in the metrics of its node, under one address: each asked of it when somebody reads them. */
import type { CometFigures } from '../engine/engine.ts'
import type { Metrics } from './create-metrics.ts'

/** However often they are read. */
const ASKED_EVERY_MS = 1_000

export interface CometMetrics {
  /** Resolves when what is read is no older than a second. */
  ask(): Promise<void>
}

export function createCometMetrics(metrics: Metrics, figures: () => Promise<CometFigures>): CometMetrics {
  let known: CometFigures | undefined
  let asking: Promise<void> | undefined
  let askedAtMs = Number.NEGATIVE_INFINITY

  const gauges: readonly (readonly [name: string, help: string, read: (of: CometFigures) => number | undefined])[] = [
    ['granary_comet_up', '1 while CometBFT answers.', ({ isUp }) => Number(isUp)],
    ['granary_comet_height', 'Height of the last block that CometBFT has.', ({ height }) => height],
    [
      'granary_comet_catching_up',
      '1 while CometBFT reads blocks that others have made.',
      ({ isCatchingUp }) => (isCatchingUp === undefined ? undefined : Number(isCatchingUp)),
    ],
    ['granary_comet_peers', 'Nodes that CometBFT is connected to.', ({ peers }) => peers],
    [
      'granary_comet_round',
      'Round of the height that is being agreed on; 0 while all goes well.',
      ({ round }) => round,
    ],
    ['granary_comet_mempool_txs', 'Transactions in the pool of CometBFT.', ({ mempoolTxs }) => mempoolTxs],
    ['granary_comet_mempool_bytes', 'Bytes of them.', ({ mempoolBytes }) => mempoolBytes],
    ['granary_comet_validators', 'Validators of the last block.', ({ validators }) => validators],
    [
      'granary_comet_validators_missing',
      'Validators whose vote for the last block is missing.',
      ({ validatorsMissing }) => validatorsMissing,
    ],
  ]
  for (const [name, help, read] of gauges) metrics.gauge(name, help, () => known && read(known))

  async function askNow(): Promise<void> {
    askedAtMs = performance.now()
    known = await figures()
  }

  return {
    async ask() {
      if (asking === undefined && performance.now() - askedAtMs > ASKED_EVERY_MS)
        asking = askNow().finally(() => {
          asking = undefined
        })
      await asking
    },
  }
}
