/** A network of validators on the real CometBFT, each as `granary chain run` runs it: application and CometBFT, two processes. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type ChainClient, createChainClient } from '@granary/protocol/client'
import { changeParams } from './change-params.ts'
import { COMETBFT, canBeBuilt, goProgram } from './go-program.ts'
import type { Finished, Running, StartChainOptions, Workbench } from './harness.ts'
import { eventually } from './kept-provider.ts'
import { QUICK, succeeded } from './story.ts'

export type Victim = 'application' | 'comet' | 'both'

export interface Validator {
  /** The same after a restart. */
  readonly url: string
  readonly client: ChainClient
  start(): Promise<void>
  stop(): Promise<void>
  /** As the system would for want of memory. CometBFT ends with its application, and is started again by it. */
  kill(victim: Victim): Promise<void>
  logs(): string
  /** Resolves when it ends, by itself as well. */
  ended(): Promise<Finished>
}

export interface Network {
  readonly validators: readonly Validator[]
  /** Waits until all of these have the block, and that it is the same: its header has the state before it, and hash upon hash all blocks. */
  agree(height: number, among?: readonly Validator[]): Promise<void>
  /** Waits until the validator has so many blocks more than now. */
  grows(validator: Validator, blocks: number): Promise<number>
  stop(): Promise<void>
}

export const cometCanBeBuilt: boolean = canBeBuilt(COMETBFT)
export const whyNoComet: string = cometCanBeBuilt ? '' : ': no Go here that builds CometBFT'

/** A restarted node follows usually within 20 s; this is five times as long. */
const CATCH_UP_MS_MAX = 100_000
/** A second and a half apart: whoever asks waits for one that is just being started again. */
const RETRIES = 60
const PORT_FIRST = 20_000 + 20 * (process.pid % 500)
const PORTS = 1_000
/** Of those that are asked for next: what was given before is listened on only when its validator has started. */
let nextPort = PORT_FIRST

export interface NetworkOptions {
  /** @default 4 */
  readonly validators?: number
  /** Proofs are asked for as in a quick market. */
  readonly quick?: boolean
  /** @default 500 */
  readonly blockTimeMs?: number
  /** Before the first start. */
  readonly prepare?: (homes: readonly string[]) => Promise<void>
  /** What stands in for CometBFT in a home, and runs the real one. @default that itself */
  readonly programOf?: (home: string, program: string) => string
  /** More of each run. */
  readonly args?: readonly string[]
  readonly envOf?: (home: string) => Readonly<Record<string, string>>
}

export async function startNetwork(bench: Workbench, options: NetworkOptions = {}): Promise<Network> {
  const { validators: count = 4, quick = false, blockTimeMs = 500, args = [], envOf = () => ({}) } = options
  const programOf = options.programOf ?? ((_, real) => real)
  const program = goProgram(COMETBFT)
  const home = join(bench.home, 'network')
  const firstPort = await freePorts(2 * count)
  const wanted = ['--validators', `${count}`, '--first-port', `${firstPort}`, '--block-time', `${blockTimeMs}`]
  succeeded(await bench.run(['chain', 'testnet', '--home', home, ...wanted, '--json']))
  const homes = Array.from({ length: count }, (_, index) => join(home, `node${index + 1}`))
  if (quick) for (const each of homes) changeParams(each, QUICK)
  await options.prepare?.(homes)
  const validators = await Promise.all(
    homes.map((each) => startValidator(bench, each, programOf(each, program), { args, env: envOf(each) })),
  )

  const heightOf = async ({ client }: Validator): Promise<number> => (await client.status()).height
  const reaches = (validator: Validator, height: number): Promise<void> =>
    eventually(`${validator.url} has block ${height}`, CATCH_UP_MS_MAX, async () => {
      const has = await heightOf(validator)
      if (has < height) throw new Error(`it has ${has}:\n${validator.logs().slice(-4_000)}`)
      return true
    })
  return {
    validators,
    async agree(height, among = validators) {
      await Promise.all(among.map((each) => reaches(each, height)))
      const blocks = await Promise.all(among.map(({ client }) => client.block(height)))
      const seen = new Set(blocks.map(({ hash, header }) => JSON.stringify({ hash, header })))
      if (seen.size !== 1) throw new Error(`the validators have ${seen.size} blocks ${height}: ${[...seen].join('\n')}`)
    },
    async grows(validator, blocks) {
      const height = (await heightOf(validator)) + blocks
      await reaches(validator, height)
      return height
    },
    stop: async () => void (await Promise.all(validators.map((each) => each.stop()))),
  }
}

/** @param more of each of its runs */
export async function startValidator(
  bench: Workbench,
  home: string,
  program: string,
  { args = [], env = {} }: Pick<StartChainOptions, 'args' | 'env'> = {},
): Promise<Validator> {
  const run = { home, args: [...args, '--cometbft', program], env }
  let running: Running & { readonly url: string } = await bench.startChain(run)
  const { url } = running
  let earlier = ''

  async function end(how: () => Promise<unknown>): Promise<void> {
    await how()
    earlier += (await running.finished).stderr
  }

  return {
    url,
    client: createChainClient({ url, retries: RETRIES }),
    logs: () => earlier + running.stderr(),
    ended: () => running.finished,
    async start() {
      running = await bench.startChain({ ...run, port: Number(new URL(url).port) })
    },
    stop: () => end(() => running.stop()),
    async kill(victim) {
      if (victim !== 'application') killComet(running)
      if (victim !== 'comet') await end(() => running.kill9())
    },
  }
}

/** One that is just being started again has no process to be killed. */
function killComet(application: Running): void {
  const pid = [...application.stderr().matchAll(/"type":"comet:started","pid":(\d+)/g)].at(-1)?.[1]
  if (pid === undefined) throw new Error(`CometBFT was never started:\n${application.stderr()}`)
  try {
    process.kill(Number(pid), 'SIGKILL')
  } catch (error) {
    if (!Error.isError(error) || (error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Each process begins at a place of its own, and another's tests may be there. @returns the first of so many in a row */
export async function freePorts(count: number): Promise<number> {
  while (nextPort + count <= PORT_FIRST + PORTS) {
    const first = nextPort
    nextPort += count
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} free ports between ${PORT_FIRST} and ${PORT_FIRST + PORTS}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
