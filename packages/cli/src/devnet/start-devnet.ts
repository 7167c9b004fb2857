/** A chain and its providers as separate processes, on free ports, in a folder that is theirs. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { initChain } from '@granary/chain/node'
import { cacheOf } from '../options.ts'
import type { ProgramContext } from '../program-context.ts'
import { diskFull } from './disk-full.ts'
import { type Child, type ChildFailedError, startChild } from './start-child.ts'

export interface StartDevnetInput {
  readonly providers: number
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
  stop(): Promise<void>
}

/** @throws ChildFailedError, or the error of the child's own, when one does not start: the others are stopped */
export async function startDevnet(input: StartDevnetInput): Promise<Devnet> {
  const { env, signal, onStarted, onEnded } = input
  const temporary = input.home === undefined
  const home = input.home === undefined ? await temporaryHome() : resolve(input.home)
  const children: Child[] = []
  let stopping = false
  const stop = async () => {
    stopping = true
    // Providers first: they should not see their chain go away.
    await Promise.all(children.slice(1).map((child) => child.stop()))
    await children[0]?.stop()
    if (temporary) await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  const start = async (name: string, args: readonly string[]): Promise<Child> => {
    const child = await startChild({ name, args, signal, env: { ...env, GRANARY_CACHE: cacheOf(home, { env }) } })
    children.push(child)
    onStarted?.(child)
    void child.ended.then((error) => {
      if (!stopping) onEnded?.(child, error)
    })
    return child
  }
  try {
    await mkdir(home, { recursive: true })
    if (!existsSync(join(home, 'chain', 'genesis.json'))) await initChain({ home, devnet: true })
    const port = await portOfLastRun(home)
    const chain = await start('chain', ['chain', 'run', '--home', home, '--port', `${port}`])
    await writeFile(portFile(home), `${JSON.stringify({ schemaVersion: 1, port: Number(new URL(chain.url).port) })}\n`)
    const providers: Child[] = []
    for (let number = 1; number <= input.providers; number += 1) {
      const args = ['--home', providerHome(home, number), '--chain', chain.url, '--name', `devnet-${number}`]
      providers.push(
        await start(`provider ${number}`, ['provider', 'run', ...args, '--port', '0', '--libp2p-port', '0']),
      )
    }
    return { home, temporary, chain, providers, stop }
  } catch (error) {
    // Looked at while the folder is there: with it the room comes back.
    const failure = await diskFull(error, home)
    await stop()
    throw failure
  }
}

async function temporaryHome(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'granary-devnet-'))
  } catch (error) {
    throw await diskFull(error, tmpdir())
  }
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
