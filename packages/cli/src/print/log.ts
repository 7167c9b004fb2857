/** A daemon's events on standard error: on a terminal a line of words each, elsewhere and with --json an object (docs/adr/0068). */
import { withoutPasswords } from '@granary/base'
import { pino } from 'pino'
import type { ProgramContext } from '../program-context.ts'
import { createLogDestination } from './log-destination.ts'

export type LogEvent = { readonly [field: string]: unknown }

type Level = 'info' | 'warn' | 'alert'
const customLevels = { info: 30, warn: 40, alert: 50 } as const satisfies Record<Level, number>

/** No event has one of them; should one ever, nobody reads it. */
const SECRETS = ['passphrase', 'password', 'privateKey', 'mnemonic', 'secret', 'token', 'authorization']
/** Words in which an address may stand, and in an address a password: `redis://:word@host`. */
const TEXTS = ['message', 'error', 'hint', 'stack', 'url', 'alertsUrl', 'chainUrl', 'redisUrl']
/** Of the event, of an object in it, and of what a reload has changed. */
const PATHS = [...[...SECRETS, ...TEXTS].flatMap((name) => [name, `*.${name}`]), 'changed[*]', 'waiting[*]']

export function createLog(
  { stderr, env }: ProgramContext,
  { json }: { readonly json: boolean },
): (event: LogEvent) => void {
  const { fd, isTTY = false } = stderr as { readonly fd?: number; readonly isTTY?: boolean }
  const destination =
    fd === undefined
      ? { write: (line: string) => void stderr.write(line) }
      : createLogDestination(fd, {
          onDropped: (lines) => log({ type: 'log:dropped', level: 'warn', lines, hint: BEHIND }),
        })
  const isForMachines = json || !isTTY
  const logger = pino<Level>(
    {
      ...{ customLevels, useOnlyCustomLevels: true, level: 'info', base: null, timestamp: false },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: PATHS, censor },
    },
    isForMachines ? destination : { write: (line) => destination.write(`${inWords(JSON.parse(line))}\n`) },
  )

  function log(event: LogEvent): void {
    // Two a second, and nothing in them that `granary status` does not say: only for the curious.
    if (event.type === 'block' && !env.GRANARY_DEBUG) return
    const { level, time = new Date().toISOString(), ...fields } = event
    logger[isLevel(level) ? level : 'info']({ time, ...fields })
  }

  return log
}

const BEHIND = 'What reads the log is slower than the log. These lines are lost; nothing else is.'

function isLevel(level: unknown): level is Level {
  return typeof level === 'string' && Object.hasOwn(customLevels, level)
}

function censor(value: unknown, path: string[]): unknown {
  if (SECRETS.includes(path.at(-1) ?? '')) return '[redacted]'
  return typeof value === 'string' ? withoutPasswords(value) : value
}

function inWords({ time, level, type, event, ...fields }: LogEvent): string {
  const words = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  return [String(time).slice(11, 23), level, type ?? event, ...words].join(' ').replaceAll(/\p{Cc}/gu, ' ')
}
