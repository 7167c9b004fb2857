/**
 * From the first byte of a piece to the agreement that the provider has signed: 1 GiB over HTTP to a devnet's provider, which
 * syncs it, hashes every block and makes its commitment. Client, chain and provider share this machine; nothing is sealed.
 */
import { join } from 'node:path'
import { accountSigner, createGranary, pathSource } from '@granary/client/node'
import { createChainClient } from '@granary/protocol/client'
import type { ProgramBenchOptions } from '../client/bench-start.ts'
import { startDevnet } from '../client/program.ts'
import type { Figure } from '../proofs/figure.ts'
import { elapsedMs, measure } from '../proofs/measure.ts'
import { withWorkshop, writeNoise } from '../proofs/workshop.ts'
import { providerOf, takenMs, untilIdle } from './provider-process.ts'

const MIB = 2 ** 20
const MB = 1e6
/** With its CAR one piece of 1 GiB. */
const FILE_MIB = 1_000
const PROFILE = '4GiB'

export function benchUpload({ program, ...options }: ProgramBenchOptions): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const path = join(folder, 'file')
    await writeNoise(path, FILE_MIB * MIB)
    const what = `upload of ${FILE_MIB} MiB to its agreement`
    const words = ['--profile', PROFILE]
    await using devnet = await startDevnet(program, join(folder, 'home'), options.signal, words)
    const pid = await providerOf(devnet.pid)
    await untilIdle(pid, options.signal)
    return await measure(
      [
        { name: what, unit: 'MB/s' },
        { name: `${what}: processor of client and provider`, unit: 'MB/s', clock: 'processor' },
      ],
      async (run) => {
        const before = await takenMs(pid)
        // A client of its own, that knows of no other.
        const own = join(folder, `client-${run}`)
        const { result: ms, cpuMs } = await elapsedMs(() => uploadMs(path, devnet.url, own, options.signal))
        const rate = (spentMs: number): number => (FILE_MIB * MIB) / MB / (spentMs / 1_000)
        return [rate(ms), rate(cpuMs + (await takenMs(pid)) - before)]
      },
      options,
    )
  })
}

/** @returns from the first byte to the agreement */
async function uploadMs(path: string, url: string, folder: string, signal: AbortSignal | undefined): Promise<number> {
  const chain = createChainClient({ url })
  const signer = accountSigner(crypto.getRandomValues(new Uint8Array(32)))
  await chain.faucet(signer.address)
  const client = createGranary({ chain, signer, folder })
  const agreed = new AbortController()
  let firstMs: number | undefined
  let agreedMs: number | undefined
  const putting = client.put(await pathSource(path), {
    maxPrice: 'any',
    signal: signal === undefined ? agreed.signal : AbortSignal.any([signal, agreed.signal]),
    onProgress({ type }) {
      if (type === 'upload:progress') firstMs ??= performance.now()
      if (type !== 'agreed' || agreedMs !== undefined) return
      agreedMs = performance.now()
      // What is on the chain would be sealed, and take the processors of the next run.
      agreed.abort()
    },
  })
  await putting.catch((error: unknown) => {
    if (!agreed.signal.aborted) throw error
  })
  if (firstMs === undefined || agreedMs === undefined) throw new Error('the put did not say when it sent and agreed')
  return agreedMs - firstMs
}
