/**
 * One line for an outage and one for its end: what fails meanwhile because of it fails every second, in every part, and says
 * nothing that the alert does not.
 */
import type { Alerts } from './alerts.ts'
import { unreachableAlert } from './chain/unreachable-alert.ts'
import type { Log } from './log.ts'

const outages = new Set(['CHAIN_FOREIGN', 'CHAIN_BEHIND', 'DISK_FULL', 'DISK_FAILED', 'QUEUE_UNAVAILABLE'])

export function foldOutages(log: Log, alerts: Alerts): Log {
  return (event) => {
    const { code } = event
    // Whoever meets it first says so: the watch, which looks every few seconds, is rarely the first, and ends the alert.
    if (code === 'CHAIN_UNREACHABLE') return void alerts.raise(unreachableAlert(event.message))
    const isFolded = typeof code === 'string' && outages.has(code) && alerts.list().some((alert) => alert.code === code)
    if (!isFolded) log(event)
  }
}
