/**
 * Starts the real programs as real processes on 127.0.0.1 and gives tests a hold on them. Whatever a test starts is killed,
 * by its pid, when the test file ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { granary } from '../packages/cli/test/granary.ts'

export const repository: string = join(dirname(fileURLToPath(import.meta.url)), '..')
/** As packages/cli/bin starts it. */
const program = [
  '--conditions=@granary/source',
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=8',
  join(repository, 'packages/cli/src/main.ts'),
]

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly process: ChildProcess
  readonly finished: Promise<Finished>
  /** What it has written to stderr so far. */
  stderr(): string
  /** Resolves with the first line of stdout or stderr, past or future, that the pattern finds. Fails if the process ends before. */
  line(pattern: RegExp): Promise<RegExpMatchArray>
  /** Ends it as a power cut would. */
  kill9(): Promise<void>
  /** Asks it to stop and waits. */
  stop(): Promise<Finished>
}

export interface StartChainOptions {
  /** @default any free one */
  readonly port?: number
  /** @default the bench's */
  readonly home?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Workbench {
  readonly home: string
  /** Aborts when the bench closes: whoever follows a stream of its programs passes it on. */
  readonly signal: AbortSignal
  /** @param under a command that is given the program as its last arguments and becomes it */
  start(args: readonly string[], env?: Readonly<Record<string, string>>, under?: readonly string[]): Running
  /** Runs a command to its end. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>
  /** Runs a command to its end in this process, where how one starts and ends is not what is told: most of a short one is its start. */
  runHere(args: readonly string[]): Promise<Finished>
  startChain(options?: StartChainOptions): Promise<Running & { url: string }>
  startProvider(options: {
    chainUrl: string
    args?: readonly string[]
    env?: Readonly<Record<string, string>>
    under?: readonly string[]
  }): Promise<Running & { url: string }>
  close(): Promise<void>
}

/**
 * A temporary home with every key, cache and store in it; nothing outside is read or written.
 * @param installed the program's file, in place of the sources
 */
export function createWorkbench(installed?: string): Workbench {
  const home = mkdtempSync(join(tmpdir(), 'granary-e2e-'))
  const started = new Set<Running>()
  const closing = new AbortController()

  function start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    under: readonly string[] = [],
  ): Running {
    const [command, ...rest] = [
      ...under,
      process.execPath,
      ...(installed === undefined ? program : [installed]),
      ...args,
    ]
    const child = spawn(command!, rest, {
      cwd: home,
      env: { ...process.env, NODE_OPTIONS: '', GRANARY_HOME: home, NO_COLOR: '1', ...env },
      // A program of ours stops when the one that started it is gone: an open stdin says that we are still here.
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const lines: string[] = []
    const waiting = new Set<(line: string) => void>()
    const collected = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[name] }).on('line', (line) => {
        lines.push(line)
        collected[name] += `${line}\n`
        for (const look of [...waiting]) look(line)
      })
    }
    const finished = new Promise<Finished>((resolve) => child.on('close', (code) => resolve({ code, ...collected })))

    function line(pattern: RegExp): Promise<RegExpMatchArray> {
      const past = lines.map((text) => text.match(pattern)).find((match) => match !== null)
      if (past) return Promise.resolve(past)
      return new Promise((resolve, reject) => {
        const look = (text: string): void => {
          const match = text.match(pattern)
          if (match === null) return
          waiting.delete(look)
          resolve(match)
        }
        waiting.add(look)
        void finished.then(({ code, stdout, stderr }) =>
          reject(new Error(`granary ${args.join(' ')} ended with ${code} before ${pattern}:\n${stdout}\n${stderr}`)),
        )
      })
    }

    async function end(signal: NodeJS.Signals): Promise<Finished> {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return finished
    }

    const running: Running = {
      process: child,
      finished,
      stderr: () => collected.stderr,
      line,
      kill9: async () => void (await end('SIGKILL')),
      stop: () => end('SIGTERM'),
    }
    started.add(running)
    void finished.then(() => started.delete(running))
    return running
  }

  async function ready(running: Running): Promise<Running & { url: string }> {
    const match = await running.line(/^\{"event":"ready".*\}$/)
    const { url } = JSON.parse(match[0]) as { url: string }
    return { ...running, url }
  }

  async function startChain({
    port = 0,
    home: of = home,
    args = [],
    env,
  }: StartChainOptions = {}): Promise<Running & { url: string }> {
    return ready(start(['chain', 'run', '--home', of, '--port', String(port), '--json', ...args], env))
  }

  return {
    home,
    signal: closing.signal,
    start,
    run: (args, env) => start(args, env).finished,
    runHere: (args) => granary(args, { GRANARY_HOME: home, NO_COLOR: '1' }, [], home),
    startChain,
    startProvider: ({ chainUrl, args = [], env, under }) =>
      ready(
        start(
          [
            ...['provider', 'run', '--home', home, '--chain', chainUrl, '--json'],
            // Any free port the first time, the same one after a restart.
            ...['--port', '0', '--libp2p-port', '0', ...args],
          ],
          env,
          under,
        ),
      ),
    async close() {
      closing.abort()
      await Promise.all([...started].map((running) => running.kill9()))
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The envelope that every command prints with --json. */
export interface Envelope<T> {
  readonly ok: boolean
  readonly code: string
  readonly data: T
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string }
}

export function envelope<T>(finished: Finished): Envelope<T> {
  try {
    return JSON.parse(finished.stdout) as Envelope<T>
  } catch {
    throw new Error(`not one JSON document (exit ${finished.code}):\n${finished.stdout}\n${finished.stderr}`)
  }
}
