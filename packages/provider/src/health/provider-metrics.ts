/** What Prometheus reads of a provider: named with units, counted from what its log says, looked up when it is asked for. */
import { performance } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ProviderStatus } from '../http/admin-operations.ts'
import type { Log } from '../log.ts'
import type { TrafficWay } from '../storage/traffic.ts'

export interface ProviderMetrics {
  readonly contentType: string
  /** Each line of the log goes here too. */
  readonly observe: Log
  /** Content has left. */
  served(way: TrafficWay, bytes: number): void
  text(): Promise<string>
}

const GRN = 1e18
const NEVER_MS = 2 ** 31 - 1
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const BLOCKS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]

export function createProviderMetrics(status: () => ProviderStatus): ProviderMetrics {
  const registry = new Registry()
  addProcess(registry)
  const look = addGauges(registry)
  const registers = [registry]
  const posts = new Counter({
    ...{ name: 'granary_provider_posts_total', help: 'Challenges, by what became of them.' },
    ...{ labelNames: ['result'] as const, registers },
  })
  const proving = new Histogram({
    ...{ name: 'granary_provider_post_seconds', help: 'Making an answer to a challenge.' },
    ...{ buckets: SECONDS, registers },
  })
  const answering = new Histogram({
    ...{
      name: 'granary_provider_post_inclusion_blocks',
      help: 'Blocks from a challenge to the block with its answer.',
    },
    ...{ buckets: BLOCKS, registers },
  })
  const sectors = new Counter({
    ...{ name: 'granary_provider_sectors_failed_total', help: 'Sectors that were given up.' },
    registers,
  })
  const replicas = new Counter({
    ...{ name: 'granary_provider_replicas_read_total', help: 'Replicas that were read whole, by what was found.' },
    ...{ labelNames: ['result'] as const, registers },
  })
  // An alert on a rate sees the first of them only if there was a zero before.
  for (const result of ['accepted', 'missed', 'failed']) posts.inc({ result }, 0)
  for (const result of ['sound', 'damaged']) replicas.inc({ result }, 0)
  const messages = new Counter({
    ...{ name: 'granary_provider_messages_replaced_total', help: 'Messages that were replaced for a higher fee.' },
    registers,
  })
  const served = new Counter({
    ...{ name: 'granary_provider_served_bytes_total', help: 'Bytes of content that were fetched, by the way.' },
    ...{ labelNames: ['way'] as const, registers },
  })
  return {
    served: (way, bytes) => served.inc({ way }, bytes),
    contentType: registry.contentType,
    text: () => {
      look(status())
      return registry.metrics()
    },
    observe: (event) => {
      if (event.type === 'post:accepted') {
        posts.inc({ result: 'accepted' })
        proving.observe(Number(event.proveMs) / 1_000)
        answering.observe(Number(event.epoch) - Number(event.challengeEpoch))
      }
      if (event.type === 'post:missed') posts.inc({ result: 'missed' })
      if (event.type === 'post:failed') posts.inc({ result: 'failed' })
      if (event.type === 'sector:failed') sectors.inc()
      if (event.type === 'replica:read') replicas.inc({ result: 'sound' })
      if (event.type === 'replica:damaged') replicas.inc({ result: 'damaged' })
      if (event.type === 'outbox:replaced') messages.inc()
    },
  }
}

/** Node's own, but for the delay of its event loop: to measure that, it would be waked a hundred times a second. */
function addProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS })
  for (const name of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    registry.removeSingleMetric(`nodejs_eventloop_lag_${name}_seconds`)
  let before = performance.eventLoopUtilization()
  new Gauge({
    name: 'nodejs_eventloop_utilization_ratio',
    help: 'Share of its time, since this was last read, in which the event loop was not idle.',
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(now, before).utilization)
      before = now
    },
  })
}

/** @returns sets them all from one look, before they are read */
function addGauges(registry: Registry): (now: ProviderStatus) => void {
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: `granary_provider_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  const ready = gauge('ready', '1 while it can take on more.')
  const height = gauge('chain_height_blocks', 'Height of the chain, as it is followed.')
  const alerts = gauge('alerts', 'Alerts that stand.')
  const sectors = gauge('sectors', 'Sectors, by state.', ['state'])
  const deals = gauge('deals', 'Deals, by state.', ['state'])
  const outbox = gauge('outbox_messages', 'Messages to the chain whose end is not known.')
  const free = gauge('disk_free_bytes', 'What can still be sold of the disk.')
  const balance = gauge('balance_grn', "Of the owner's account, which pays the fees.")
  const freeCollateral = gauge('collateral_free_grn', 'Collateral for new deals and sectors.')
  const lockedCollateral = gauge('collateral_locked_grn', 'Collateral that is locked.')
  return (now) => {
    ready.set(Number(now.ready))
    height.set(now.chain.height)
    alerts.set(now.alerts)
    // A state that nothing is in any more is not named: it would keep its last number.
    for (const byState of [sectors, deals]) byState.reset()
    for (const [state, count] of Object.entries(now.sectors)) sectors.set({ state }, count)
    for (const [state, count] of Object.entries(now.deals)) deals.set({ state }, count)
    outbox.set(now.outbox)
    free.set(now.disk.freeBytes)
    if (now.money === null) return
    balance.set(Number(now.money.balance) / GRN)
    freeCollateral.set(Number(now.money.freeCollateral) / GRN)
    lockedCollateral.set(Number(now.money.lockedCollateral) / GRN)
  }
}
