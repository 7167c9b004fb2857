/**
 * How soon the program answers a person: its help, the CID of a small file that is put, a devnet that is ready. Each is a
 * process of its own, of the program that this runs in, from its start to what it prints; what a first start compiles is there.
 */
import { join } from 'node:path'
import type { BenchOptions } from '../proofs/bench-input.ts'
import type { Figure } from '../proofs/figure.ts'
import { measure } from '../proofs/measure.ts'
import { withWorkshop, writeNoise } from '../proofs/workshop.ts'
import { type Program, runProgram, startDevnet } from './program.ts'

const FILE_BYTES = 10 * 1024

export interface ProgramBenchOptions extends BenchOptions {
  readonly program: Program
}

export function benchStart({ program, ...options }: ProgramBenchOptions): Promise<Figure[]> {
  return withWorkshop(async (folder) => {
    const run = (args: readonly string[]) => runProgram(program, args, options.signal)
    // Compiles what it is made of.
    await run(['--help'])
    const small = `put, ${FILE_BYTES / 1024} KiB`
    return await measure(
      [
        { name: '--help', unit: 'ms' },
        { name: '--help', unit: 'ms', clock: 'processor' },
        { name: 'devnet of one provider: ready', unit: 'ms' },
        { name: `${small}: its CID`, unit: 'ms' },
        { name: `${small}: processor to its end, without waiting for sealing`, unit: 'ms', clock: 'processor' },
      ],
      async (number) => {
        const help = await run(['--help'])
        const home = join(folder, `home-${number}`)
        await using devnet = await startDevnet(program, home, options.signal)
        const put = async (name: string) => {
          const path = join(folder, `${number}-${name}`)
          await writeNoise(path, FILE_BYTES + number * 2 + (name === 'first' ? 0 : 1))
          return await run(['put', path, '--chain', devnet.url, '--home', home, '--quiet', '--no-wait'])
        }
        // Makes the account and has money sent to it.
        await put('first')
        const { firstLineMs, cpuMs } = await put('second')
        return [help.ms, help.cpuMs, devnet.readyMs, firstLineMs, cpuMs]
      },
      options,
    )
  })
}
