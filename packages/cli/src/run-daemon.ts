/** A program that serves until it is asked to stop: ready line, wait, stop in good order, and not for ever. */
import { isAbortError } from '@granary/base'
import { SAME_MS } from './interruptible.ts'
import { createLog, type LogEvent } from './print/log.ts'
import type { ProgramContext } from './program-context.ts'
import { leaveSignals, untilStopped } from './until-stopped.ts'

/** Longer than any part takes to close; what still runs then is lost like in a power cut, which loses nothing. */
const STOP_MAX_MS = 10_000

export interface Daemon {
  /** Where it listens; one that does not only works. */
  readonly url?: string
  stop(): Promise<void>
  /** Takes its configuration anew, on SIGHUP; what is wrong with it stands in the log. */
  reload?(): Promise<unknown>
  /** Resolves when the daemon ends by itself, with the reason. */
  readonly halted?: Promise<Error>
}

interface Started {
  readonly daemon: Daemon
  readonly facts: object
}

export interface RunDaemonInput {
  readonly role: 'chain' | 'provider' | 'gateway' | 'worker'
  readonly json: boolean
  readonly withParent: boolean
  /** @param signal aborts when the daemon is asked to stop before it has started */
  readonly start: (log: (event: LogEvent) => void, signal: AbortSignal) => Promise<Started>
}

/** @throws what `start` throws, or the reason why the daemon ended by itself */
export async function runDaemon(
  context: ProgramContext,
  { role, json, withParent, start }: RunDaemonInput,
): Promise<void> {
  const { stdout, stdin } = context
  const stopped = untilStopped({ withParent, stdin })
  const unwanted = new AbortController()
  const starting = start(createLog(context, { json }), unwanted.signal)
  const started = await Promise.race([stopped, starting])
  if (typeof started === 'string') {
    unwanted.abort()
    await withinDeadline(() => stopEarly(starting))
    return
  }
  const { daemon, facts } = started
  if (daemon.reload !== undefined) reloadOnHangUp(() => daemon.reload?.(), stdin)
  stdout.write(
    json
      ? `${JSON.stringify({ event: 'ready', role, url: daemon.url, ...facts })}\n`
      : `${role} ${daemon.url === undefined ? 'is at work' : `listens at ${daemon.url}`} (Ctrl-C stops it)\n`,
  )
  const never = new Promise<never>(() => undefined)
  const end = await Promise.race([stopped, daemon.halted ?? never])
  await withinDeadline(() => daemon.stop())
  if (typeof end !== 'string') throw end
}

/** As daemons have it; where a terminal is, its end is the daemon's. */
function reloadOnHangUp(reload: () => Promise<unknown> | undefined, stdin: ProgramContext['stdin']): void {
  if ((stdin as Partial<NodeJS.ReadStream>).isTTY === true) return
  process.removeAllListeners('SIGHUP')
  process.on('SIGHUP', () => {
    // Why it was refused is an alert of the daemon's own.
    reload()?.catch(() => undefined)
  })
}

/** What starts is stopped once it has started; who does not wait for that ends it with a second signal. */
async function stopEarly(starting: Promise<Started>): Promise<void> {
  setTimeout(leaveSignals, SAME_MS).unref()
  try {
    const { daemon } = await starting
    await daemon.stop()
  } catch (error) {
    if (!isAbortError(error)) throw error
  }
}

async function withinDeadline(stop: () => Promise<void>): Promise<void> {
  // `process.exit` waits for threads, and so for a file that does not open; nothing waits after this signal.
  const deadline = setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MAX_MS)
  try {
    await stop()
  } finally {
    clearTimeout(deadline)
  }
}
