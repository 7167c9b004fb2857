/**
 * How soon the program answers a person: its help, the CID of a small file that is put, a devnet that is ready. Each is a process of
 * its own, of the program as it is installed, from its start to what it prints; what a first start compiles is there. The CID is
 * waited for from the checkout, too, where the program is run from its sources.
 */
import { join } from 'node:path'
import type { BenchOptions } from '../proofs/bench-input.ts'
import type { Figure } from '../proofs/figure.ts'
import { measure } from '../proofs/measure.ts'
import { withWorkshop, writeNoise } from '../proofs/workshop.ts'
import { installedProgram } from './installed-program.ts'
import { type Program, runProgram, startDevnet } from './program.ts'

const FILE_BYTES = 10 * 1024

export interface ProgramBenchOptions extends BenchOptions {
  /** This program, as the checkout starts it. */
  readonly program: Program
}

export function benchStart({ program: checkout, ...options }: ProgramBenchOptions): Promise<Figure[]> {
  const { signal } = options
  return withWorkshop(async (folder) => {
    const installed = await installedProgram(folder, signal)
    const help = () => runProgram(installed, ['--help'], signal)
    // Compiles what it is made of.
    await help()
    const small = `put, ${FILE_BYTES / 1024} KiB`
    return await measure(
      [
        { name: '--help', unit: 'ms' },
        { name: '--help', unit: 'ms', clock: 'processor' },
        { name: 'devnet of one provider: ready', unit: 'ms' },
        { name: `${small}: its CID`, unit: 'ms' },
        { name: `${small}: its CID, with progress`, unit: 'ms' },
        { name: `${small}: processor to its end, without waiting for sealing`, unit: 'ms', clock: 'processor' },
        { name: `${small}: its CID, from the checkout`, unit: 'ms' },
      ],
      async (number) => {
        const helped = await help()
        const home = join(folder, `home-${number}`)
        await using devnet = await startDevnet(installed, home, signal)
        let files = 0
        const put = async (program: Program, ...flags: readonly string[]) => {
          const path = join(folder, `${number}-${files}`)
          await writeNoise(path, FILE_BYTES + 8 * number + files)
          files += 1
          return await runProgram(
            program,
            ['put', path, '--chain', devnet.url, '--home', home, '--no-wait', ...flags],
            signal,
          )
        }
        // Makes the account and has money sent to it.
        await put(installed)
        const { firstLineMs, cpuMs } = await put(installed, '--quiet')
        const told = await put(installed)
        if (number === 0) await put(checkout, '--quiet')
        const fromCheckout = await put(checkout, '--quiet')
        return [helped.ms, helped.cpuMs, devnet.readyMs, firstLineMs, told.firstLineMs, cpuMs, fromCheckout.firstLineMs]
      },
      options,
    )
  })
}
