/**
 * How fast a provider's retrieval gives a file of 256 MiB, beside Kubo, one after the other in each round. docs/benchmarks.md.
 *
 *   node --conditions=@granary/source e2e/measure-beside-kubo.ts gateway|bitswap [rounds] [checkout…]
 *
 * `gateway`: Granary and Kubo are asked over HTTP for the file, its CAR, and its blocks over 16 connections, then by HEAD and for what
 * a client has (304). Each is started once, and asked for all of it once before it is measured. `bitswap`: a Kubo with an empty
 * repository pins the file from Granary. Other checkouts of this repository are measured in the same rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, readFileSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http'
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
/** By HEAD, and again of those that are answered with 304. */
const REQUESTS = 1_000
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

interface Amount {
  readonly count: number
  readonly unit: 'MiB' | 'requests'
}

const FILE: Amount = { count: FILE_MIB, unit: 'MiB' }

interface Row extends Amount {
  readonly speeds: number[]
  readonly cpuMs: number[]
}

const rows = new Map<string, Row>()
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

async function startGranary(checkout: string, { car }: Content): Promise<Granary> {
  const program = join(checkout, 'packages/provider/test/run-retrieval.ts')
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
  const child: ChildProcess = spawn(process.execPath, [...FLAGS, program, car], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  const { url, multiaddr } = JSON.parse(line) as { url: string; multiaddr: string }
  return {
    ...{ url, multiaddr, pid: child.pid! },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function fetched(url: string, options: RequestOptions, status = 200): Promise<void> {
  const [response] = (await once(request(url, options).end(), 'response')) as [IncomingMessage]
  if (response.statusCode !== status) throw new Error(`${url} was answered with ${response.statusCode}`)
  response.resume()
  await once(response, 'end')
}

/** Processor time of all of its threads until now. */
function takenMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

async function measured(name: string, pid: number, amount: Amount, work: () => Promise<unknown>): Promise<void> {
  const [startMs, cpuMs] = [performance.now(), takenMs(pid)]
  await work()
  const speed = amount.count / ((performance.now() - startMs) / 1_000)
  const row = rows.get(name) ?? { ...amount, speeds: [], cpuMs: [] }
  rows.set(name, row)
  row.speeds.push(speed)
  row.cpuMs.push(takenMs(pid) - cpuMs)
  loads.push(loadavg()[0]!)
  process.stderr.write(`${name}: ${speed.toFixed(0)} ${amount.unit}/s, load ${loads.at(-1)!.toFixed(1)}\n`)
}

async function measureGateway(name: string, { pid, url }: Giver, { root, leaves }: Content): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const file = `${url}/ipfs/${root}`
  await measured(`the file, ${name}`, pid, FILE, () => fetched(file, { agent }))
  await measured(`its CAR, ${name}`, pid, FILE, () => fetched(`${file}?format=car`, { agent }))
  await measured(`raw blocks, ${name}`, pid, FILE, () =>
    together(leaves, (cid) => fetched(`${url}/ipfs/${cid}?format=raw`, { agent })),
  )
  const requests: Amount = { count: REQUESTS, unit: 'requests' }
  const each = Array.from({ length: REQUESTS }, () => file)
  await measured(`HEAD, ${name}`, pid, requests, () => together(each, () => fetched(file, { agent, method: 'HEAD' })))
  const headers = { 'If-None-Match': `"${root}"` }
  await measured(`304, ${name}`, pid, requests, () => together(each, () => fetched(file, { agent, headers }, 304)))
  agent.destroy()
}

async function together<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const left = Iterator.from(items)
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value)
    }),
  )
}

async function gateway(rounds: number, checkouts: readonly string[], content: Content, folder: string): Promise<void> {
  const program = await kubo()
  const repo = await mkdtemp(join(folder, 'kubo-'))
  const daemon = await startKubo(program, repo)
  await using started = new AsyncDisposableStack()
  started.defer(() => daemon.stop())
  await program.run(repo, ['dag', 'import', content.car])
  const url = (await readFile(join(repo, 'gateway'), 'utf8')).trim()
  const givers = new Map<string, Giver>([['Kubo', { pid: daemon.pid, url }]])
  for (const checkout of checkouts) givers.set(nameOf(checkout), started.use(await startGranary(checkout, content)))
  const round = async (): Promise<void> => {
    for (const [name, giver] of givers) await measureGateway(name, giver, content)
  }
  process.stderr.write('a round that is not counted:\n')
  await round()
  rows.clear()
  loads.length = 0
  for (let number = 0; number < rounds; number += 1) await round()
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
        await measured(`bitswap, ${nameOf(checkout)}`, granary.pid, FILE, () =>
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
  for (const [name, { count, unit, speeds, cpuMs }] of rows)
    process.stdout.write(`${name}: ${spread(speeds)} ${unit}/s; processor ${spread(cpuMs)} ms for ${count}\n`)
  process.stdout.write(`load ${spread(loads)}; min · median · max of ${rounds} rounds\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
