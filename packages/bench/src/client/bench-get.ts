/** A get of 256 MiB, each block verified, from a gateway on another thread of this machine; its CAR is in the page cache. */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { get, systemClock } from '@granary/client/node'
import { packPath } from '@granary/content/node'
import { createChainClient } from '@granary/protocol/client'
import { programBeside } from '../chain/program-beside.ts'
import type { BenchOptions } from '../proofs/bench-input.ts'
import type { Figure } from '../proofs/figure.ts'
import { elapsedMs, measure } from '../proofs/measure.ts'
import { withWorkshop, writeNoise } from '../proofs/workshop.ts'

const MIB = 2 ** 20
const FILE_MIB = 256
const MB = 1e6
const PARTS_A_LOOK = 16

export function benchGet(options: BenchOptions = {}): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const path = join(folder, 'file')
    const car = join(folder, 'file.car')
    await writeNoise(path, FILE_MIB * MIB)
    const { rootCid } = await packPath(path, car, options.signal === undefined ? {} : { signal: options.signal })
    const { url, execArgv } = programBeside('car-server', import.meta.url)
    const server = new Worker(url, { workerData: { car }, execArgv })
    try {
      const [address] = (await once(server, 'message')) as [string]
      const chain = createChainClient({ url: address })
      const what = `get, ${FILE_MIB} MiB, verified`
      return await measure(
        [
          { name: what, unit: 'MB/s' },
          { name: `${what}: processor of all threads`, unit: 'MB/s', clock: 'processor' },
          { name: `${what}: memory beyond that at rest`, unit: 'MiB' },
        ],
        async () => {
          const { result, ms, cpuMs } = await elapsedMs(() =>
            readAll(rootCid, { chain, address, signal: options.signal }),
          )
          const rate = (spentMs: number): number => (FILE_MIB * MIB) / MB / (spentMs / 1_000)
          return [rate(ms), rate(cpuMs), result / MIB]
        },
        options,
      )
    } finally {
      await server.terminate()
    }
  })
}

interface Reading {
  readonly chain: ReturnType<typeof createChainClient>
  readonly address: string
  readonly signal: AbortSignal | undefined
}

/** @returns how far memory grew at most */
async function readAll(rootCid: string, { chain, address, signal }: Reading): Promise<number> {
  const restBytes = process.memoryUsage().rss
  const got = await get({ chain, clock: systemClock, fetch }, rootCid, { gateways: [address], signal })
  if (got.type !== 'file') throw new TypeError(`a file came back as a ${got.type}`)
  let bytes = 0
  let mostBytes = restBytes
  let parts = 0
  for await (const part of got.stream()) {
    bytes += part.length
    // To ask how large the process is takes longer than to hash a block.
    if (parts++ % PARTS_A_LOOK === 0) mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
  }
  if (bytes !== got.size) throw new RangeError(`${bytes} of ${got.size} bytes came back`)
  return mostBytes - restBytes
}
