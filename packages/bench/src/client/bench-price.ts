/** What a put has in memory that only prices 10 GiB, read for its DAG, by the program as it is installed. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchOptions } from '../proofs/bench-input.ts'
import type { Figure } from '../proofs/figure.ts'
import { measure } from '../proofs/measure.ts'
import { withWorkshop } from '../proofs/workshop.ts'
import { installedProgram } from './installed-program.ts'
import { runProgram, startDevnet } from './program.ts'

const FILE_GIB = 10
/** A leaf of the DAG. */
const LEAF_BYTES = 2 ** 20

export function benchPrice(options: BenchOptions = {}): Promise<Figure[]> {
  const { signal } = options
  return withWorkshop(async (folder) => {
    const program = await installedProgram(folder, signal)
    const home = join(folder, 'home')
    const path = join(folder, 'sparse')
    await writeSparse(path, FILE_GIB * 2 ** 30)
    await using devnet = await startDevnet(program, home, signal)
    const what = `put --dry-run, ${FILE_GIB} GiB`
    return await measure(
      [
        { name: `${what}: memory at most`, unit: 'MB' },
        { name: what, unit: 's' },
      ],
      async () => {
        const words = ['put', path, '--dry-run', '--chain', devnet.url, '--home', home]
        const { ms, memoryBytes } = await runProgram(program, words, signal)
        return [memoryBytes / 1e6, ms / 1_000]
      },
      options,
    )
  })
}

/** Of leaves that differ, and that take next to nothing of the disk. */
async function writeSparse(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w')
  await file.truncate(bytes)
  for (let at = 0; at < bytes; at += LEAF_BYTES) await file.write(`${at}`, at)
}
