/** Devnets that run on this machine: each says so in a file, so that another terminal finds it by its name. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileDurably } from '@granary/base/node'
import { homeOf } from '../options.ts'
import type { ProgramContext } from '../program-context.ts'

export interface RunningNetwork {
  readonly name: string
  /** Of its chain node. */
  readonly chain: string
  /** Where keys and journals for it are, and go with it. */
  readonly home: string
  /** Hash of its genesis, from its folder. */
  readonly genesis?: string
  readonly pid: number
}

export const DEVNET = 'devnet'
const NAMES_MAX = 100

function folderOf(env: ProgramContext['env']): string {
  return join(homeOf(env.GRANARY_HOME === undefined ? {} : { home: env.GRANARY_HOME }), 'networks')
}

/** For a person: `…/networks (GRANARY_HOME moves it)`. */
export function placeOfNetworks(env: ProgramContext['env']): string {
  return `${folderOf(env)} (${env.GRANARY_HOME === undefined ? 'GRANARY_HOME moves it' : 'where GRANARY_HOME says'})`
}

/** Those whose process is alive. */
export async function runningNetworks(env: ProgramContext['env']): Promise<RunningNetwork[]> {
  const folder = folderOf(env)
  const files = await readdir(folder).catch(() => [])
  const all = await Promise.all(
    files.filter((file) => file.endsWith('.json')).map((file) => readNetwork(join(folder, file))),
  )
  return all.filter((network) => network !== undefined && isAlive(network.pid)) as RunningNetwork[]
}

/** Under the name `devnet`, or `devnet-2` and so on where others run; taken back when it ends. */
export async function announceNetwork(
  env: ProgramContext['env'],
  { chain, home, genesis }: Omit<RunningNetwork, 'name' | 'pid'>,
): Promise<{ readonly name: string; withdraw(): Promise<void> }> {
  const folder = folderOf(env)
  await makeFolder(folder)
  const taken = new Set((await runningNetworks(env)).map(({ name }) => name))
  const names = Array.from({ length: NAMES_MAX }, (_, i) => (i === 0 ? DEVNET : `${DEVNET}-${i + 1}`))
  const name = names.find((each) => !taken.has(each)) ?? `${DEVNET}-${process.pid}`
  const path = join(folder, `${name}.json`)
  await writeFileDurably(path, `${JSON.stringify({ schemaVersion: 1, chain, home, genesis, pid: process.pid })}\n`)
  return {
    name,
    async withdraw() {
      const said = await readNetwork(path)
      if (said?.pid === process.pid) await rm(path, { force: true })
    },
  }
}

async function readNetwork(path: string): Promise<RunningNetwork | undefined> {
  try {
    const { chain, home, genesis, pid }: Record<string, unknown> = JSON.parse(await readFile(path, 'utf8'))
    if (typeof chain !== 'string' || typeof home !== 'string' || !Number.isSafeInteger(pid)) return undefined
    const [, name = ''] = /([^/\\]+)\.json$/.exec(path) ?? []
    return { name, chain, home, pid: pid as number, ...(typeof genesis === 'string' ? { genesis } : {}) }
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
