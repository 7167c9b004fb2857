/** A chain and its providers as separate processes, on free ports, in a folder that is theirs. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeFolder } from '@granary/base/node'
import type { GenesisJson } from '@granary/protocol/records'
import { announceNetwork } from '../config/running-networks.ts'
import { cacheOf } from '../options.ts'
import type { ProgramContext } from '../program-context.ts'
import { diskFull } from './disk-full.ts'
import { type Child, type ChildFailedError, type StartChildInput, startChild } from './start-child.ts'

export interface StartDevnetInput {
  readonly providers: number
  /** Of the providers' sectors. @default what a provider takes by itself */
  readonly profile?: string | undefined
  /** Of the programs too. */
  readonly env: ProgramContext['env']
  /** @default a temporary one, removed when the devnet stops */
  readonly home?: string | undefined
  readonly signal: AbortSignal
  readonly onStarted?: (child: Child) => void
  /** A program has ended without having been asked to. */
  readonly onEnded?: (child: Child, error: ChildFailedError) => void
}

export interface Devnet {
  readonly home: string
  /** The home goes when the devnet stops. */
  readonly temporary: boolean
  readonly chain: Child
  readonly providers: readonly Child[]
  /** Under this name another terminal finds it; undefined where that could not be written. */
  readonly network: string | undefined
  stop(): Promise<void>
}

/** As bin/granary.js has it for a provider that is not started by this. */
const PROVIDER_FLAGS = ['--max-semi-space-size=4']

/** @throws ChildFailedError, or the error of the child's own, when one does not start: the others are stopped */
export async function startDevnet(input: StartDevnetInput): Promise<Devnet> {
  const { env, signal, onStarted, onEnded } = input
  const temporary = input.home === undefined
  const home = input.home === undefined ? await temporaryHome() : resolve(input.home)
  // The programs of a devnet follow its own folder alone, not what their user has set for others.
  const childEnv = {
    MALLOC_ARENA_MAX: '2',
    UV_THREADPOOL_SIZE: '64',
    ...env,
    GRANARY_CACHE: cacheOf(home, { env }),
    GRANARY_CONFIG: join(home, 'config.yaml'),
  }
  const children: Child[] = []
  let stopping = false
  let withdraw = async () => {}
  const stop = async () => {
    stopping = true
    await withdraw()
    // Providers first: they should not see their chain go away.
    await Promise.all(children.slice(1).map((child) => child.stop()))
    await children[0]?.stop()
    if (temporary) await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  const failing = new AbortController()
  const start = async (
    name: string,
    args: readonly string[],
    how: Pick<StartChildInput, 'firstLine' | 'nodeFlags'> = {},
  ): Promise<Child> => {
    const either = AbortSignal.any([signal, failing.signal])
    const child = await startChild({ name, of: 'devnet', args, signal: either, env: childEnv, ...how })
    children.push(child)
    onStarted?.(child)
    void child.ended.then((error) => {
      if (!stopping) onEnded?.(child, error)
    })
    return child
  }
  try {
    await makeFolder(home)
    const port = await portOfLastRun(home)
    const chainStarting = start('chain', ['chain', 'run', '--home', home, '--port', `${port}`, '--new-devnet'])
    const chainUrl = chainStarting.then(async ({ url }) => {
      await writeFile(portFile(home), `${JSON.stringify({ schemaVersion: 1, port: Number(new URL(url).port) })}\n`)
      return url
    })
    // Without it they would wait for ever.
    chainUrl.catch((error: unknown) => failing.abort(error))
    const numbers = Array.from({ length: input.providers }, (_, index) => index + 1)
    const profile = input.profile === undefined ? [] : ['--profile', input.profile]
    // They are loaded while the chain starts, which is half of what their start takes.
    const [chain, ...providers] = await allOrFirstError([
      chainUrl.then(() => chainStarting),
      ...numbers.map((number) => {
        const own = ['--home', providerHome(home, number), '--chain-from-parent', '--name', `devnet-${number}`]
        const ports = ['--port', '0', '--libp2p-port', '0']
        const args = ['provider', 'run', ...own, ...profile, ...ports]
        return start(`provider ${number}`, args, { firstLine: chainUrl, nodeFlags: PROVIDER_FLAGS })
      }),
    ])
    const announced = await announceNetwork(env, { chain: chain.url, home, genesis: await genesisOf(home) }).catch(
      () => undefined,
    )
    if (announced) withdraw = announced.withdraw
    // Asked to stop when all was started: nobody asks a second time.
    signal.throwIfAborted()
    return { home, temporary, chain, providers, network: announced?.name, stop }
  } catch (error) {
    // Looked at while the folder is there: with it the room comes back.
    const failure = await diskFull(error, home)
    await stop()
    throw failure
  }
}

/** All have ended before the first error is thrown: nothing starts behind the back of whoever stops the others. */
async function allOrFirstError<T>(all: readonly [Promise<T>, ...Promise<T>[]]): Promise<[T, ...T[]]> {
  const done = await Promise.allSettled(all)
  const failed = done.find((each) => each.status === 'rejected')
  if (failed) throw failed.reason
  return done.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])) as [T, ...T[]]
}

async function temporaryHome(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'granary-devnet-'))
  } catch (error) {
    throw await diskFull(error, tmpdir())
  }
}

/** From the folder, so that nobody has to be believed. */
async function genesisOf(home: string): Promise<string> {
  // Loaded when its programs run: it takes as long as their own start.
  const { genesisHash, genesisStruct } = await import('@granary/protocol/records')
  const genesis: GenesisJson = JSON.parse(await readFile(join(home, 'chain', 'genesis.json'), 'utf8'))
  return genesisHash(genesisStruct.fromJson(genesis, 'genesis'))
}

function providerHome(home: string, number: number): string {
  return join(home, 'providers', `${number}`)
}

function portFile(home: string): string {
  return join(home, 'devnet.json')
}

/** A devnet that is started again is found where it was; 0, for any free port, the first time. */
async function portOfLastRun(home: string): Promise<number> {
  try {
    const { port }: { port?: unknown } = JSON.parse(await readFile(portFile(home), 'utf8'))
    return typeof port === 'number' ? port : 0
  } catch {
    return 0
  }
}
