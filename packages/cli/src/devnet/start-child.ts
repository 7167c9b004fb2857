/** One program of a devnet or testnet: started, waited for until it is ready, watched, stopped. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { GranaryError } from '@granary/base'
import type { ProgramContext } from '../program-context.ts'
import { self } from './self.ts'

/** Of a child's standard error, for the message when it dies. */
const LAST_LINES = 12
const STOP_MAX_MS = 5_000

interface Called {
  readonly name: string
  /** What it is a part of. */
  readonly of: 'devnet' | 'testnet'
}

export class ChildFailedError extends GranaryError {
  /** "was killed by SIGKILL" */
  readonly how: string

  constructor({ name, of }: Called, how: string, lines: readonly string[]) {
    const own = lines.map(errorIn).find((error) => error !== undefined)
    const words =
      lines.length === 0 ? 'It said nothing.' : `Its last lines:\n${lines.map((line) => `    ${line}`).join('\n')}`
    super({
      code: own?.code ?? 'CHILD_FAILED',
      message: own ? `the ${of}'s ${name} ${how}: ${own.message}` : `the ${of}'s ${name} ${how}. ${words}`,
      hint:
        own?.hint ||
        `everything that the ${of} had started is stopped; start it again, or report this with the lines above`,
      retryable: own?.retryable ?? false,
      details: { name, lines },
    })
    this.how = how
  }
}

export interface Child {
  readonly name: string
  readonly url: string
  readonly ready: Readonly<Record<string, unknown>>
  /** Resolves when it has ended, whatever the reason. */
  readonly ended: Promise<ChildFailedError>
  stop(): Promise<void>
}

export interface StartChildInput extends Called {
  readonly args: readonly string[]
  readonly env: ProgramContext['env']
  readonly signal: AbortSignal
  /** Of Node, before the program. */
  readonly nodeFlags?: readonly string[]
  /** Of its standard input, when it is known: meanwhile the child gets ready. */
  readonly firstLine?: Promise<string>
  /** What it logs. */
  readonly onLog?: (event: Readonly<Record<string, unknown>>) => void
}

/** @throws ChildFailedError when it ends before it is ready */
export async function startChild({
  name,
  of,
  args,
  env,
  signal,
  nodeFlags = [],
  firstLine,
  onLog = () => undefined,
}: StartChildInput): Promise<Child> {
  signal.throwIfAborted()
  const { command, args: own } = self()
  const child = spawn(command, [...nodeFlags, ...own, ...args, '--json', '--stop-with-parent'], {
    // Its standard input ends with this process, even after kill -9; a group of its own keeps the terminal's Ctrl-C from it.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env,
  })
  const lines: string[] = []
  const keep = (line: string) => {
    lines.push(line)
    if (lines.length > LAST_LINES) lines.shift()
  }
  child.stdin.on('error', () => undefined)
  firstLine?.then(
    (line) => child.stdin.write(`${line}\n`),
    // Whoever was to say it has failed, and with it all of this.
    () => undefined,
  )
  createInterface({ input: child.stderr }).on('line', (line) => {
    keep(line)
    const event = jsonIn(line)
    if (event?.type !== undefined) onLog(event)
  })

  const { promise: ended, resolve: end } = Promise.withResolvers<ChildFailedError>()
  child.on('error', (error) => end(new ChildFailedError({ name, of }, 'could not be started', [error.message])))
  // 'close' and not 'exit': by then its last lines have arrived.
  child.on('close', (code, by) =>
    end(new ChildFailedError({ name, of }, by ? `was killed by ${by}` : `ended with code ${code}`, lines)),
  )

  const { promise: isReady, resolve: ready } = Promise.withResolvers<Record<string, unknown>>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = jsonIn(line)
    if (event?.event === 'ready') ready(event)
    else keep(line)
  })

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
    await ended
    clearTimeout(deadline)
  }
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    const first = await Promise.race([isReady, ended, aborted.promise])
    if (first instanceof ChildFailedError) throw first
    return { name, url: String(first.url), ready: first, ended, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function jsonIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A child that fails with --json leaves its error as an envelope. */
function errorIn(line: string): GranaryError | undefined {
  const document = jsonIn(line)
  return document?.ok === false ? GranaryError.fromWire(document.error) : undefined
}
