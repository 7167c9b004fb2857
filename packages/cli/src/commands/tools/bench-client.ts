/** granary tools bench client: how fast content is made ready on this machine, and comes back, and how soon the program answers. */
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { loadBenchmarks } from './load-benchmarks.ts'

interface BenchClientOptions extends JsonOptions {
  readonly only?: Part
}

const PARTS = ['store', 'price', 'get', 'start'] as const
type Part = (typeof PARTS)[number]

export function addBenchClient(bench: Command, context: CommandContext): void {
  const command = bench
    .command('client')
    .description(
      'Measure a client: import, CAR and CommP of 1 GiB; 10 GiB priced; a get of 256 MiB, every block verified; how soon the program answers.',
    )
    .addOption(new Option('--only <part>', 'one of the measurements').choices(PARTS))
  // An option that bench has too is bench's, wherever it stands.
  withJson(command)
    .addHelpText('after', exitCodesHelp)
    .action((_, own: Command) => benchClient(own.optsWithGlobals(), context))
}

async function benchClient(options: BenchClientOptions, context: CommandContext): Promise<void> {
  const [{ interruptible }, { self }, { printFigures }] = await Promise.all([
    import('../../interruptible.ts'),
    import('../../devnet/self.ts'),
    import('./print-figures.ts'),
  ])
  const { benchGet, benchPrice, benchStart, benchStore } = await loadBenchmarks(() => import('@granary/bench/client'))
  const onProgress = (words: string) => void context.stderr.write(`${words}\n`)
  const benches: Readonly<Record<Part, typeof benchGet>> = {
    store: benchStore,
    price: benchPrice,
    get: benchGet,
    start: (bench) => benchStart({ ...bench, program: self() }),
  }
  const figures = await interruptible(async (signal) => {
    const parts = options.only === undefined ? PARTS : [options.only]
    const measured = []
    for (const part of parts) measured.push(...(await benches[part]({ signal, onProgress })))
    return measured
  })
  printFigures(context, figures, options)
}
