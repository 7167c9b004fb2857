/**
 * What a put does with a file of 1 GiB beside sending it: it is read once for its DAG, and again for the CAR of each piece and
 * its commitment, through the spool and the hasher that the client uses. The file is in the page cache.
 */
import { join } from 'node:path'
import { accountSigner, nodePorts, pathSource } from '@granary/client/node'
import type { BenchOptions } from '../proofs/bench-input.ts'
import type { Figure } from '../proofs/figure.ts'
import { elapsedMs, measure } from '../proofs/measure.ts'
import { withWorkshop, writeNoise } from '../proofs/workshop.ts'

const MIB = 2 ** 20
const FILE_MIB = 1_024
const MB = 1e6
const READ_BYTES = 4 * MIB
/** Of sectors of 32 GiB: one piece. */
const PIECE_SIZE_MAX = 32 * 1_024 * MIB
const RUNS = 3

export function benchStore(options: BenchOptions = {}): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const path = join(folder, 'file')
    await writeNoise(path, FILE_MIB * MIB)
    const what = `put, ${FILE_MIB} MiB`
    return await measure(
      [
        { name: `${what}: import`, unit: 'MB/s' },
        { name: `${what}: CAR and CommP`, unit: 'MB/s' },
        { name: `${what}: import, CAR and CommP`, unit: 'MB/s' },
        { name: `${what}: processor of all threads`, unit: 'MB/s', clock: 'processor' },
        { name: `${what}: memory at most`, unit: 'MiB' },
      ],
      async (run) => {
        const { result, ms, cpuMs } = await elapsedMs(() => prepare(path, join(folder, `home-${run}`), options.signal))
        const rate = (spentMs: number): number => (FILE_MIB * MIB) / MB / (spentMs / 1_000)
        const memoryMib = process.resourceUsage().maxRSS / 1_024
        return [rate(result.readMs), rate(ms - result.readMs), rate(ms), rate(cpuMs), memoryMib]
      },
      options,
      RUNS,
    )
  })
}

/** @returns how long the first reading took */
async function prepare(path: string, home: string, signal: AbortSignal | undefined): Promise<{ readMs: number }> {
  const signer = accountSigner(new Uint8Array(32).fill(1))
  const { spool, hasher } = nodePorts({ chain: 'http://127.0.0.1:9', signer, folder: home })
  const startMs = performance.now()
  const source = await pathSource(path)
  const draft = spool.nameOf(source)
  const { rootCid, pieces } = await spool.read(draft, source, { signal, pieceSizeMax: PIECE_SIZE_MAX })
  await spool.keep(draft, rootCid)
  const readMs = performance.now() - startMs
  for (const piece of pieces.keys()) {
    await using car = await spool.open(rootCid, piece)
    const commitment = await hasher()
    const memory = new Uint8Array(READ_BYTES)
    for (let at = 0; at < car.size; at += READ_BYTES) {
      signal?.throwIfAborted()
      await commitment.write(await car.read(at, Math.min(car.size, at + READ_BYTES), memory))
    }
    await commitment.digest()
  }
  await spool.remove(rootCid)
  return { readMs }
}
