/**
 * What the owner should know and has to do something about, as long as it is so: one line in the log when it begins and
 * one when it is over, and a list that /healthz answers. Kept in memory: who raises an alert finds its reason again
 * after a restart.
 */
import type { Stake } from '@granary/protocol/market'
import type { Log } from './log.ts'
import { type AlertCode, stakes } from './stakes.ts'

export interface Alert {
  readonly code: AlertCode
  /** What it is about, where there may be several at once: a piece, a sector, a file. */
  readonly subject?: string
  readonly message: string
  /** What to do. */
  readonly hint: string
}

/** What a provider has to lose: its sectors, the deals in them, and the collateral that is locked for both. */
export interface AtStake {
  readonly sectors: number
  readonly deals: number
  /** attoGRN. */
  readonly locked: string
}

export interface RaisedAlert extends Alert {
  /** What it threatens. */
  readonly stake: Stake
  readonly sinceMs: number
}

export interface Alerts {
  /** Raising it again while it stands brings its words up to date and is not logged again. */
  raise(alert: Alert): void
  /** Nothing when it does not stand. */
  clear(code: AlertCode, subject?: string): void
  /** The oldest first. */
  list(): RaisedAlert[]
}

export function createAlerts(
  log: Log,
  nowMs: () => number = Date.now,
  atStake: () => AtStake | undefined = () => undefined,
): Alerts {
  const standing = new Map<string, RaisedAlert>()
  const keyOf = (code: string, subject = ''): string => `${code} ${subject}`
  return {
    raise: (alert) => {
      const key = keyOf(alert.code, alert.subject)
      const stake = stakes[alert.code]
      const before = standing.get(key)
      standing.set(key, { ...alert, stake, sinceMs: before?.sinceMs ?? nowMs() })
      if (before !== undefined) return
      const amounts = atStake()
      const known = amounts === undefined ? {} : { atStake: amounts }
      log({ type: 'alert', level: 'alert', ...alert, stake, ...known })
    },
    clear: (code, subject) => {
      const over = standing.get(keyOf(code, subject))
      if (over === undefined || !standing.delete(keyOf(code, subject))) return
      const about = subject === undefined ? {} : { subject }
      log({ type: 'alert:over', code, ...about, lastedMs: nowMs() - over.sinceMs })
    },
    list: () => [...standing.values()],
  }
}
