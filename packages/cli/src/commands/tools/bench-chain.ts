/** granary tools bench chain: how fast a chain is on this machine, each figure with the bound that it must keep. */
import type { BenchOptions, ChainFigure } from '@granary/bench/chain'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, wholeNumber, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { loadBenchmarks } from './load-benchmarks.ts'

interface BenchChainOptions extends JsonOptions {
  readonly only?: Part
  readonly accounts: number
  readonly deals: number
}

const PARTS = ['transfers', 'execution', 'publish', 'state', 'growth'] as const
type Part = (typeof PARTS)[number]

const ACCOUNTS = 1_000_000
const DEALS = 100_000

export function addBenchChain(bench: Command, context: CommandContext): void {
  const command = bench
    .command('chain')
    .description('Measure a chain in a folder of its own: throughput, execution, latency, a large state, growth.')
    .addOption(new Option('--only <part>', 'one of the measurements').choices(PARTS))
    .option('--accounts <n>', 'in the large state', wholeNumber(1_000, 10_000_000), ACCOUNTS)
    .option('--deals <n>', 'in the large state, and as many sectors', wholeNumber(1_000, 200_000), DEALS)
  // An option that bench has too is bench's, wherever it stands.
  withJson(command)
    .addHelpText('after', exitCodesHelp)
    .action((_, own: Command) => benchChain(own.optsWithGlobals(), context))
}

async function benchChain(options: BenchChainOptions, context: CommandContext): Promise<void> {
  const [{ interruptible }, { printResult }, { formatTable }] = await Promise.all([
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
  ])
  const onProgress = (words: string) => void context.stderr.write(`${words}\n`)
  const figures = await interruptible((signal) => measure(options, { signal, onProgress }))
  printResult(
    context,
    { figures },
    {
      json: options.json ?? false,
      text: () =>
        `${formatTable(['figure', 'value', '', 'min', 'max', 'must', ''], figures.map(row))}\n${machine(figures)}`,
    },
  )
}

async function measure({ only, accounts, deals }: BenchChainOptions, options: BenchOptions): Promise<ChainFigure[]> {
  const benches = await loadBenchmarks(() => import('@granary/bench/chain'))
  const parts: Readonly<Record<Part, () => Promise<readonly ChainFigure[]>>> = {
    transfers: async () => [await benches.benchTransfers(options)],
    execution: async () => [await benches.benchExecution(options)],
    publish: async () => [await benches.benchPublish(options)],
    growth: async () => [await benches.benchGrowth({ ...options, sectors: deals })],
    state: () => benches.benchLargeState({ ...options, accounts, sectors: deals }),
  }
  const figures: ChainFigure[] = []
  for (const part of only === undefined ? PARTS : [only]) figures.push(...(await parts[part]()))
  return figures
}

function row({ name, value, unit, min, max, must, holds }: ChainFigure): string[] {
  return [
    name,
    `${value}`,
    unit,
    `${min}`,
    `${max}`,
    `${unit === '/s' ? '≥' : '≤'} ${must}`,
    holds ? 'holds' : 'missed',
  ]
}

function machine(figures: readonly ChainFigure[]): string {
  const [first] = figures
  return first === undefined ? '' : `${first.cpu}, ${first.cores} cores`
}
