/**
 * How fast a provider's retrieval gives a file of 256 MiB, beside Kubo, one after the other in each round. docs/benchmarks.md.
 *
 *   node --conditions=@granary/source e2e/measure-beside-kubo.ts gateway|bitswap [rounds] [checkout…]
 *
 * `gateway`: Granary and Kubo are asked over HTTP for the file, its CAR, and its blocks over 16 connections. `bitswap`: a Kubo with
 * an empty repository pins the file from Granary. Other checkouts of this repository are measured in the same rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, readFileSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseCar } from '@granary/content'
import { packPath } from '@granary/content/node'
import { repository } from './harness.ts'
import { type Kubo, type KuboDaemon, kubo, kuboCanBeBuilt } from './kubo.ts'

const MIB = 2 ** 20
const FILE_MIB = 256
const CONNECTIONS = 16
/** Of multicodec. */
const RAW = 0x55
/** Linux counts in hundredths of a second. */
const TICK_MS = 10
/** As packages/cli/bin starts a provider. */
const FLAGS = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=4']

interface Content {
  readonly car: string
  readonly root: string
  readonly leaves: readonly string[]
}

/** Who gives, as the system sees it. */
interface Giver {
  readonly pid: number
  readonly url: string
}

interface Granary extends Giver, AsyncDisposable {
  readonly multiaddr: string
}

const rows = new Map<string, { readonly speeds: number[]; readonly cpuMs: number[] }>()
const loads: number[] = []

async function makeContent(folder: string): Promise<Content> {
  const path = join(folder, 'file')
  const file = await open(path, 'w')
  for (let mib = 0; mib < FILE_MIB; mib += 1) await file.writeFile(randomBytes(MIB))
  await file.close()
  const car = join(folder, 'file.car')
  const { rootCid } = await packPath(path, car)
  const leaves: string[] = []
  const { blocks } = await parseCar(createReadStream(car))
  for await (const { cid } of blocks) if (cid.code === RAW) leaves.push(cid.toString())
  return { car, root: rootCid, leaves }
}

async function startGranary(checkout: string, { car, root }: Content): Promise<Granary> {
  const program = join(checkout, 'packages/provider/test/run-retrieval.ts')
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
  const child: ChildProcess = spawn(process.execPath, [...FLAGS, program, car], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  const { url, multiaddr } = JSON.parse(line) as { url: string; multiaddr: string }
  // The thread that reads begins with the first question.
  await fetched(`${url}/ipfs/${root}?format=raw`, new Agent())
  return {
    ...{ url, multiaddr, pid: child.pid! },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function fetched(url: string, agent: Agent): Promise<number> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${url} was answered with ${response.statusCode}`)
  let bytes = 0
  for await (const part of response as AsyncIterable<Uint8Array>) bytes += part.length
  return bytes
}

/** Processor time of all of its threads until now. */
function takenMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

async function measured(name: string, pid: number, work: () => Promise<unknown>): Promise<void> {
  const [startMs, cpuMs] = [performance.now(), takenMs(pid)]
  await work()
  const mibs = FILE_MIB / ((performance.now() - startMs) / 1_000)
  const row = rows.get(name) ?? { speeds: [], cpuMs: [] }
  rows.set(name, row)
  row.speeds.push(mibs)
  row.cpuMs.push(takenMs(pid) - cpuMs)
  loads.push(loadavg()[0]!)
  process.stderr.write(`${name}: ${mibs.toFixed(0)} MiB/s, load ${loads.at(-1)!.toFixed(1)}\n`)
}

async function measureGateway(name: string, { pid, url }: Giver, { root, leaves }: Content): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  await measured(`the file, ${name}`, pid, () => fetched(`${url}/ipfs/${root}`, agent))
  await measured(`its CAR, ${name}`, pid, () => fetched(`${url}/ipfs/${root}?format=car`, agent))
  const left = leaves.values()
  await measured(`raw blocks, ${name}`, pid, () =>
    Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (const cid of left) await fetched(`${url}/ipfs/${cid}?format=raw`, agent)
      }),
    ),
  )
  agent.destroy()
}

async function gateway(rounds: number, checkouts: readonly string[], content: Content, folder: string): Promise<void> {
  const program = await kubo()
  const repo = await mkdtemp(join(folder, 'kubo-'))
  const daemon = await startKubo(program, repo)
  try {
    await program.run(repo, ['dag', 'import', content.car])
    const url = (await readFile(join(repo, 'gateway'), 'utf8')).trim()
    for (let round = 0; round < rounds; round += 1) {
      await measureGateway('Kubo', { pid: daemon.pid, url }, content)
      for (const checkout of checkouts) {
        await using granary = await startGranary(checkout, content)
        await measureGateway(nameOf(checkout), granary, content)
      }
    }
  } finally {
    await daemon.stop()
  }
}

async function bitswap(rounds: number, checkouts: readonly string[], content: Content, folder: string): Promise<void> {
  const program = await kubo()
  for (let round = 0; round < rounds; round += 1)
    for (const checkout of checkouts) {
      await using granary = await startGranary(checkout, content)
      const repo = await mkdtemp(join(folder, 'kubo-'))
      const daemon = await startKubo(program, repo)
      try {
        await program.run(repo, ['swarm', 'connect', granary.multiaddr])
        await measured(`bitswap, ${nameOf(checkout)}`, granary.pid, () =>
          program.run(repo, ['pin', 'add', content.root]),
        )
      } finally {
        await daemon.stop()
        await rm(repo, { recursive: true })
      }
    }
}

function startKubo(program: Kubo, repo: string): Promise<KuboDaemon> {
  return program.startDaemon(repo, { routers: [], retrieval: 'bitswap' })
}

const nameOf = (checkout: string): string => (checkout === repository ? 'Granary' : `Granary in ${checkout}`)

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  return [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!].map((value) => value.toFixed(0)).join(' · ')
}

const [what, rounds = '5', ...others] = process.argv.slice(2)
if (what !== 'gateway' && what !== 'bitswap') throw new Error('say gateway or bitswap')
if (!kuboCanBeBuilt) throw new Error('NOTHING IS MEASURED: no Go here that builds Kubo')
const folder = await mkdtemp(join(tmpdir(), 'granary-measure-'))
try {
  const content = await makeContent(folder)
  const checkouts = [...others.map((path) => resolve(path)), repository]
  await { gateway, bitswap }[what](Number(rounds), checkouts, content, folder)
  for (const [name, { speeds, cpuMs }] of rows)
    process.stdout.write(`${name}: ${spread(speeds)} MiB/s; processor ${spread(cpuMs)} ms\n`)
  process.stdout.write(`load ${spread(loads)}; min · median · max of ${rounds} rounds\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
