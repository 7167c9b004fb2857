/** A provider that is stopped, killed and started again on the same home, and all that it ever logged. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finished, Workbench } from './harness.ts'
import type { Server } from './story.ts'

export interface KeptProvider {
  readonly id: number
  /** As the program is told it. */
  readonly home: string
  /** `<home>/provider`, as everybody sees it. */
  readonly folder: string
  server(): Server
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  /** Starts it where it must refuse. */
  refused(): Promise<Finished>
  /** `granary provider …` on its home. */
  command(words: readonly string[]): Promise<Finished>
  /** What it has logged in all its lives. */
  logs(): string
  alerts(): Promise<KeptAlert[]>
}

export interface KeptAlert {
  readonly code: string
  readonly message: string
}

export interface KeptProviderInput {
  readonly bench: Workbench
  readonly chainUrl: string
  readonly home: string
  /** Where the home is seen from outside. @default the same */
  readonly outside?: string
  readonly under?: readonly string[]
  /** More options of each of its runs. */
  readonly options?: readonly string[]
}

export async function keepProvider(input: KeptProviderInput): Promise<KeptProvider> {
  const { bench, chainUrl, home, outside = home, under = [], options = [] } = input
  const args = ['--home', home]
  // Its big table of numbers is made once, for all of them.
  const env = { GRANARY_CACHE: join(bench.home, 'cache') }
  const launch = (): Promise<Server> => bench.startProvider({ chainUrl, args: [...args, ...options], env, under })
  let logs = ''
  let server = await launch()
  let isRunning = true
  const info = (await (await fetch(`${server.url}/v1/info`)).json()) as { id: number }

  const command = (words: readonly string[]): Promise<Finished> =>
    bench.start(['provider', ...words, '--json', ...args], env, under).finished

  async function over(ended: Promise<unknown>): Promise<void> {
    await ended
    logs += (await server.finished).stderr
    isRunning = false
  }

  async function start(): Promise<void> {
    server = await launch()
    isRunning = true
  }

  return {
    id: info.id,
    home,
    folder: join(outside, 'provider'),
    server: () => server,
    start,
    stop: () => over(server.stop()),
    kill: () => over(server.kill9()),
    refused: () => command(['run', '--chain', chainUrl, '--port', '0', '--libp2p-port', '0', ...options]),
    command,
    logs: () => (isRunning ? logs + server.stderr() : logs),
    alerts: async () => {
      const health = (await (await fetch(`${server.url}/healthz`)).json()) as { alerts: KeptAlert[] }
      return health.alerts
    },
  }
}

/** @throws when it has not happened after `withinMs`, with why it had not at last */
export async function eventually(what: string, withinMs: number, ready: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + withinMs
  let why: unknown
  const asked = (): Promise<boolean> =>
    ready().catch((error: unknown) => {
      why = error
      return false
    })
  while (!(await asked())) {
    if (performance.now() > giveUpMs) throw new Error(`did not happen within ${withinMs} ms: ${what}; ${why ?? ''}`)
    await sleep(200)
  }
}

/** When none of its alerts has a code that begins so. */
export async function alertOver(provider: KeptProvider, code: string, withinMs: number): Promise<void> {
  await eventually(`${code} is over`, withinMs, async () => {
    const left = (await provider.alerts()).filter((alert) => alert.code.startsWith(code))
    if (left.length > 0) throw new Error(JSON.stringify(left))
    return true
  })
}
