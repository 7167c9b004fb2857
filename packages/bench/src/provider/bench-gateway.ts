/**
 * What a provider's gateway gives to who asks over HTTP, in the program's own process: a file of 256 MiB whole, as a CAR, by
 * blocks and by ranges, from the page cache, and what an answer without a body costs it.
 */
import { createReadStream } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { parseCar } from '@granary/content'
import { packPath } from '@granary/content/node'
import type { ProgramBenchOptions } from '../client/bench-start.ts'
import { startServer } from '../client/program.ts'
import type { Figure } from '../proofs/figure.ts'
import { measure } from '../proofs/measure.ts'
import { withWorkshop, writeNoise } from '../proofs/workshop.ts'
import { fetched } from './fetched.ts'
import { takenMs } from './provider-process.ts'

const MIB = 2 ** 20
const MB = 1e6
const FILE_MIB = 256
const BLOCK_CONNECTIONS = 16
const RANGE_CONNECTIONS = 64
const RANGE_BYTES = 64 * 1_024
const UNCHANGED_ASKED = 1_000
/** Of multicodec: https://github.com/multiformats/multicodec */
const RAW = 0x55

export function benchGateway({ program, ...options }: ProgramBenchOptions): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const path = join(folder, 'file')
    const car = join(folder, 'file.car')
    await writeNoise(path, FILE_MIB * MIB)
    const { rootCid } = await packPath(path, car, options.signal === undefined ? {} : { signal: options.signal })
    const leaves = await leavesIn(car)
    const words = ['tools', 'gateway', car, '--port', '0']
    await using gateway = await startServer(program, words, options.signal)
    const at = (cid: string, query = ''): string => `${gateway.url}/ipfs/${cid}${query}`
    const what = `gateway, ${FILE_MIB} MiB`
    return await measure(
      [
        { name: `${what}: first byte of the file`, unit: 'ms' },
        { name: `${what}: the file`, unit: 'MB/s' },
        { name: `${what}: its CAR`, unit: 'MB/s' },
        { name: `${what}: blocks of 1 MiB over ${BLOCK_CONNECTIONS} connections`, unit: 'MB/s' },
        { name: `${what}: ranges of 64 KiB over ${RANGE_CONNECTIONS} connections`, unit: 'MB/s' },
        { name: 'gateway: an answer of 304', unit: 'ms', clock: 'processor' },
      ],
      async () => {
        using agent = disposable(new Agent({ keepAlive: true, maxSockets: RANGE_CONNECTIONS }))
        const file = await fetched(at(rootCid), { agent: agent.it })
        const whole = await fetched(at(rootCid, '?format=car'), { agent: agent.it })
        const blocks = await inTurns(BLOCK_CONNECTIONS, leaves, (cid) =>
          fetched(at(cid, '?format=raw'), { agent: agent.it }),
        )
        const ranges = await inTurns(RANGE_CONNECTIONS, rangesOf(FILE_MIB * MIB), (range) =>
          fetched(at(rootCid), { agent: agent.it, headers: { range }, status: 206 }),
        )
        const headers = { 'if-none-match': file.etag }
        const before = await takenMs(gateway.pid)
        for (let asked = 0; asked < UNCHANGED_ASKED; asked += 1)
          await fetched(at(rootCid), { agent: agent.it, headers, status: 304 })
        const unchangedMs = ((await takenMs(gateway.pid)) - before) / UNCHANGED_ASKED
        return [file.firstMs, ...[file, whole, blocks, ranges].map(rate), unchangedMs]
      },
      options,
    )
  })
}

interface Moved {
  readonly bytes: number
  readonly ms: number
}

function rate({ bytes, ms }: Moved): number {
  return bytes / MB / (ms / 1_000)
}

/** So many at once. */
async function inTurns<Item>(
  workers: number,
  items: readonly Item[],
  work: (item: Item) => Promise<{ readonly bytes: number }>,
): Promise<Moved> {
  const startMs = performance.now()
  const left = items[Symbol.iterator]()
  let bytes = 0
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (const item of left) {
        // Not in one expression: the others add to it meanwhile.
        const moved = await work(item)
        bytes += moved.bytes
      }
    }),
  )
  return { bytes, ms: performance.now() - startMs }
}

/** Every sixteenth, from one end to the other. */
function rangesOf(size: number): string[] {
  const starts = Array.from({ length: size / RANGE_BYTES / 16 }, (_, index) => index * 16 * RANGE_BYTES)
  return starts.map((start) => `bytes=${start}-${start + RANGE_BYTES - 1}`)
}

async function leavesIn(car: string): Promise<string[]> {
  const leaves: string[] = []
  const { blocks } = await parseCar(createReadStream(car))
  for await (const { cid } of blocks) if (cid.code === RAW) leaves.push(cid.toString())
  return leaves
}

function disposable(agent: Agent): Disposable & { readonly it: Agent } {
  return { it: agent, [Symbol.dispose]: () => agent.destroy() }
}
