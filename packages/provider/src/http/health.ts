/**
 * GET /healthz: whether the provider can keep what it has promised. GET /readyz: whether it can take on more. Both answer 503
 * with the reasons; what else its owner should know stands in the list of alerts.
 */
import { Router } from 'express'
import type { Alerts } from '../alerts.ts'

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
])
/** And those with which nothing new can be sealed. */
const unready = new Set([...unhealthy, 'QUEUE_UNAVAILABLE', 'INSUFFICIENT_COLLATERAL'])

export function healthRoutes({ alerts, head }: { readonly alerts: Alerts; readonly head: () => number }): Router {
  const router = Router()
  const route = (path: string, codes: ReadonlySet<string>): void => {
    router.get(path, (_, response) => {
      const reasons = alerts.list().filter(({ code }) => codes.has(code))
      const ok = reasons.length === 0
      response.status(ok ? 200 : 503).json({ ok, reasons, height: head(), alerts: alerts.list() })
    })
  }
  route('/healthz', unhealthy)
  route('/readyz', unready)
  return router
}
