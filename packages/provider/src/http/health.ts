/**
 * GET /healthz: whether the provider can keep what it has promised. GET /readyz: whether it can take on more. Both answer 503
 * with the reasons; what else its owner should know stands in the list of alerts. Anybody may ask: the owner's own
 * listener tells alerts whole.
 */
import { type ServedOperation, serve } from '@granary/protocol/http'
import { getHealth, getReadiness } from '@granary/protocol/market'
import type { Alerts } from '../alerts.ts'
import { publicJson } from '../public-text.ts'

/** Alerts with which proofs or payments are at stake. */
const unhealthy = new Set([
  'CHAIN_UNREACHABLE',
  'CHAIN_STOPPED',
  'CHAIN_FOREIGN',
  'CHAIN_BEHIND',
  'DISK_FULL',
  'DISK_FAILED',
  'FEES_SHORT',
  'INSUFFICIENT_FUNDS',
  'PARTITION_FAULTY',
  'PROOF_LATE',
  'CLOCK_WRONG',
  'SESSION_KEY_ENDS',
])
/** And those with which nothing new can be sealed. */
const unready = new Set([
  ...unhealthy,
  'QUEUE_UNAVAILABLE',
  'WORKERS_MISSING',
  'VOLUMES_MISSING',
  'INSUFFICIENT_COLLATERAL',
  'ASK_ENDS',
])

interface HealthContext {
  readonly alerts: Alerts
  readonly head: () => number
}

/** Whether it can take on more, and the codes of why not. */
export function readinessOf(alerts: Alerts): { ready: boolean; reasons: string[] } {
  const codes = alerts.list().map(({ code }) => code)
  const reasons = [...new Set<string>(codes.filter((code) => unready.has(code)))]
  return { ready: reasons.length === 0, reasons }
}

export function healthRoutes({ alerts, head }: HealthContext): ServedOperation[] {
  const route = (operation: typeof getHealth | typeof getReadiness, codes: ReadonlySet<string>): ServedOperation =>
    serve(operation, ({ response }) => {
      const standing = publicJson(alerts.list())
      const reasons = standing.filter(({ code }) => codes.has(code))
      const ok = reasons.length === 0
      response.status(ok ? 200 : 503)
      return { ok, reasons, height: head(), alerts: standing }
    })
  return [route(getHealth, unhealthy), route(getReadiness, unready)]
}
