/**
 * CometBFT as a process that ends with this one, however this one ends. When its application dies it ends by itself in most cases,
 * and in some it hangs, deaf to SIGTERM, with its ports and its lock: so a shell between the two waits for the end of its input,
 * which is this process or what it closes, and then ends CometBFT, which survives a kill at any instant.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface CometProcess {
  /** Of CometBFT itself. */
  readonly pid: number
  /** Resolves when it has ended; says how. An end that was not asked for is a failure, also with the exit code 0. */
  readonly ended: Promise<string>
  /** Asks it to end, and kills it when it has not after two seconds. */
  stop(): Promise<void>
}

export interface CometProcessParts {
  readonly program: string
  readonly folder: string
  /** Each line of its log, as JSON. */
  readonly onLine: (line: string) => void
}

/** Its first line says the pid; what it runs has no input, no signals of the terminal, and its exit code. */
const KEEPER = `
exec 3<&0
"$@" </dev/null &
comet=$!
echo "$comet"
( cat <&3 >/dev/null; kill -TERM "$comet"; sleep 2; kill -KILL "$comet" ) >/dev/null 2>&1 &
keeper=$!
wait "$comet"
code=$?
kill "$keeper" 2>/dev/null
exit "$code"
`

/** @throws Error when no shell can be started */
export async function runComet({ program, folder, onLine }: CometProcessParts): Promise<CometProcess> {
  const child = spawn('sh', ['-c', KEEPER, 'sh', program, 'start', '--home', folder], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal is for this process, which ends CometBFT in its order.
    detached: true,
  })
  await once(child, 'spawn')
  // Nothing is ever written to it.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'exit').then(([code, signal]) => {
    child.stdin.destroy()
    return signal === null ? `it ended with ${String(code)}` : `it was ended by ${String(signal)}`
  })
  const pid = await firstLine(child, onLine)
  createInterface({ input: child.stderr! }).on('line', onLine)
  return {
    pid,
    ended,
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

async function firstLine(child: ChildProcess, onLine: (line: string) => void): Promise<number> {
  const lines = createInterface({ input: child.stdout! })
  const [first] = await once(lines, 'line')
  lines.on('line', onLine)
  return Number(first)
}
