/** The program as processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** Says what the process took when it ends, where nobody else writes: of a child, Node knows neither time nor memory. */
const REPORT = `
import { writeSync } from 'node:fs'
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1_000, memoryBytes: maxRSS * 1_024 }))
})`

/** What starts it: Node, with its flags and the program's file. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
}

export interface Ran {
  readonly ms: number
  readonly firstLineMs: number
  readonly cpuMs: number
  /** At most. */
  readonly memoryBytes: number
}

export async function runProgram(
  { command, args }: Program,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<Ran> {
  const startMs = performance.now()
  const reporter = `data:text/javascript,${encodeURIComponent(REPORT)}`
  const child = spawn(command, ['--import', reporter, ...args, ...words], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  })
  const [, stdout, stderr, report] = child.stdio
  const firstLine = once(stdout!, 'data').then(() => performance.now() - startMs)
  const all = Promise.all([text(stderr!), text(report as NodeJS.ReadableStream)])
  const [code] = await once(child, 'close')
  const ms = performance.now() - startMs
  const [said, taken] = await all
  if (code !== 0) throw new Error(`granary ${words.join(' ')} ended with ${code}: ${said}`)
  return { ms, firstLineMs: await firstLine, ...(JSON.parse(taken) as Pick<Ran, 'cpuMs' | 'memoryBytes'>) }
}

export interface RunningServer extends AsyncDisposable {
  /** Of a devnet: its chain's. */
  readonly url: string
  readonly pid: number
  readonly readyMs: number
}

/** @param words what the devnet is told beside its home */
export function startDevnet(
  program: Program,
  home: string,
  signal: AbortSignal | undefined,
  words: readonly string[] = [],
): Promise<RunningServer> {
  return startServer(program, ['devnet', '--home', home, ...words], signal)
}

/** @param words of a command that says in a line of JSON when it is ready */
export async function startServer(
  { command, args }: Program,
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<RunningServer> {
  const startMs = performance.now()
  const child = spawn(command, [...args, ...words, '--json'], {
    // Its standard input ends with this process, for who is told `--stop-with-parent`.
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(signal === undefined ? {} : { signal }),
  })
  child.stdin.on('error', () => undefined)
  // An abort is an error at once, and the process ends some time later: until then its folder is in use.
  child.on('error', () => undefined)
  const ended = new Promise<readonly [number | null]>((resolve) => child.once('close', (code) => resolve([code])))
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(([code]) => {
      throw new Error(`granary ${words.join(' ')} ended with ${code} before it was ready`)
    }),
  ])
  const { url } = JSON.parse(String(line)) as { readonly url: string }
  return { url, pid: child.pid!, readyMs: performance.now() - startMs, [Symbol.asyncDispose]: () => stop(child, ended) }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGINT')
  await ended
}
