/** How soon a devnet of one provider is ready: chain and provider, from nothing, each a process of its own. */
import { join } from 'node:path'
import type { ProgramBenchOptions } from '../client/bench-start.ts'
import { startDevnet } from '../client/program.ts'
import type { Figure } from '../proofs/figure.ts'
import { measure } from '../proofs/measure.ts'
import { withWorkshop } from '../proofs/workshop.ts'

export function benchReady({ program, ...options }: ProgramBenchOptions): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const ready = async (name: string): Promise<number> => {
      await using devnet = await startDevnet(program, join(folder, name), options.signal)
      return devnet.readyMs
    }
    // Compiles what it is made of.
    await ready('first')
    return await measure(
      [{ name: 'devnet of one provider: ready', unit: 'ms' }],
      async (run) => [await ready(`home-${run}`)],
      options,
    )
  })
}
