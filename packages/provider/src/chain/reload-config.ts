/**
 * The configuration is the desired state: on reload it is read anew, checked as at a start, and what it says of the provider is
 * brought to the chain. What is wrong is refused as a whole, with an alert that says why, and nothing of it is used.
 */
import { GranaryError } from '@granary/base'
import type { Alerts } from '../alerts.ts'
import { keepPrivate, type ProviderConfig, readConfig } from '../config.ts'
import { atReload, changedKeys, printedValue } from '../config-keys.ts'
import type { Log } from '../log.ts'

export interface ReloadContext {
  readonly path: string
  readonly current: () => ProviderConfig
  /** Throws what is wrong with it. */
  readonly check: (config: ProviderConfig) => Promise<void>
  /** From here on it is the current one. */
  readonly use: (config: ProviderConfig) => void
  /** Brings the chain to it. */
  readonly apply: (config: ProviderConfig) => Promise<void>
  readonly alerts: Alerts
  readonly log: Log
}

export interface ReloadReport {
  /** `ask.validMs 1 → 2` */
  readonly changed: readonly string[]
  /** The same, of what waits for the next start. */
  readonly waiting: readonly string[]
}

/**
 * @throws ConfigError, HomeMissingError, SealAfterTooLongError: nothing of it is used then. CHAIN_UNREACHABLE, and what the chain
 * refuses: then it may be in use, and the next reload or start brings the chain to it.
 */
export async function reloadConfig(context: ReloadContext): Promise<ReloadReport> {
  const { path, current, alerts, log } = context
  try {
    const read = await readConfig(path)
    await keepPrivate(path)
    const changes = changedKeys(current(), read)
    // As a whole, also what waits: the next start may be far away, and would not start.
    await context.check(read)
    const next = atReload(current(), read)
    context.use(next)
    const waiting = changes.filter(({ needsStart }) => needsStart).map(inWords)
    const changed = changes.filter(({ needsStart }) => !needsStart).map(inWords)
    log({ type: 'config:reloaded', changed, waiting })
    sayWaiting(alerts, waiting)
    await context.apply(next)
    alerts.clear('CONFIG_NOT_APPLIED', path)
    return { changed, waiting }
  } catch (error) {
    alerts.raise({
      code: 'CONFIG_NOT_APPLIED',
      subject: path,
      message: `config.json is not applied: ${Error.isError(error) ? error.message : String(error)}`,
      hint: GranaryError.is(error) ? error.hint : 'look at the message, and reload again',
    })
    throw error
  }
}

function sayWaiting(alerts: Alerts, waiting: readonly string[]): void {
  const subject = 'until the next start'
  if (waiting.length === 0) {
    alerts.clear('CONFIG_NOT_APPLIED', subject)
    return
  }
  alerts.raise({
    code: 'CONFIG_NOT_APPLIED',
    subject,
    message: `this waits for the next start: ${waiting.join(', ')}`,
    hint: 'start the provider again when it suits you, or write the old values back and reload',
  })
}

function inWords({ key, from, to }: { key: string; from: unknown; to: unknown }): string {
  return `${key} ${shown(key, from)} → ${shown(key, to)}`
}

/** The rest of that address is a secret between its owner and who is told. */
function shown(key: string, value: unknown): string {
  const open = key === 'alertsUrl' && typeof value === 'string' ? URL.parse(value)?.origin : printedValue(key, value)
  return JSON.stringify(open) ?? 'none'
}
