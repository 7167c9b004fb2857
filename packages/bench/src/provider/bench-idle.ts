/** What a provider takes that nobody asks anything of, beside its chain: memory and processor, by the system's account of it. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProgramBenchOptions } from '../client/bench-start.ts'
import { startDevnet } from '../client/program.ts'
import type { Figure } from '../proofs/figure.ts'
import { measure } from '../proofs/measure.ts'
import { withWorkshop } from '../proofs/workshop.ts'
import { providerOf, residentBytes, takenMs, untilIdle } from './provider-process.ts'

const WATCHED_MS = 20_000
const MB = 1e6

export function benchIdle({ program, ...options }: ProgramBenchOptions): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    await using devnet = await startDevnet(program, join(folder, 'home'), options.signal)
    const pid = await providerOf(devnet.pid)
    await untilIdle(pid, options.signal)
    return await measure(
      [
        { name: 'idle provider: share of a core', unit: '%', clock: 'processor' },
        { name: 'idle provider: memory', unit: 'MB' },
      ],
      async () => {
        const before = await takenMs(pid)
        await sleep(WATCHED_MS, undefined, { signal: options.signal })
        return [((await takenMs(pid)) - before) / (WATCHED_MS / 100), (await residentBytes(pid)) / MB]
      },
      options,
    )
  })
}
