/** A program that serves until it is asked to stop: ready line, wait, stop in good order, and not for ever. */
import { EXIT } from './exit-code.ts'
import { createLog, type LogEvent } from './print/log.ts'
import type { ProgramContext } from './program-context.ts'
import { untilStopped } from './until-stopped.ts'

/** Longer than any part takes to close; what still runs then is lost like in a power cut, which loses nothing. */
const STOP_MAX_MS = 10_000

export interface Daemon {
  readonly url: string
  stop(): Promise<void>
  /** Resolves when the daemon ends by itself, with the reason. */
  readonly halted?: Promise<Error>
}

export interface RunDaemonInput {
  readonly role: 'chain' | 'provider' | 'gateway'
  readonly json: boolean
  readonly withParent: boolean
  readonly start: (log: (event: LogEvent) => void) => Promise<{ readonly daemon: Daemon; readonly facts: object }>
}

/** @throws what `start` throws, or the reason why the daemon ended by itself */
export async function runDaemon(
  context: ProgramContext,
  { role, json, withParent, start }: RunDaemonInput,
): Promise<void> {
  const { stdout, stdin } = context
  const stopped = untilStopped({ withParent, stdin })
  const { daemon, facts } = await start(createLog(context, { json }))
  stdout.write(
    json
      ? `${JSON.stringify({ event: 'ready', role, url: daemon.url, ...facts })}\n`
      : `${role} listens at ${daemon.url} (Ctrl-C stops it)\n`,
  )
  const never = new Promise<never>(() => undefined)
  const end = await Promise.race([stopped, daemon.halted ?? never])
  const deadline = setTimeout(() => process.exit(EXIT.failed), STOP_MAX_MS)
  await daemon.stop()
  clearTimeout(deadline)
  if (typeof end !== 'string') throw end
}
