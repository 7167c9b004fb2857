/** granary tools bench chain: how fast a chain is on this machine, each figure with the bound that it must keep. */
import type { BenchOptions, ChainFigure } from '@granary/bench/chain'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, wholeNumber, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import type { ValidatorPart } from './bench-validators.ts'
import { loadBenchmarks } from './load-benchmarks.ts'

interface BenchChainOptions extends JsonOptions {
  readonly engine: Engine
  readonly only?: Part | ValidatorPart
  readonly accounts: number
  readonly deals: number
  readonly validators: number
  readonly cometbft: string
}

const ENGINES = ['embedded', 'comet'] as const
type Engine = (typeof ENGINES)[number]

const PARTS = ['transfers', 'execution', 'publish', 'state', 'growth'] as const
type Part = (typeof PARTS)[number]
/** Of validators on CometBFT. */
const COMET_PARTS = ['agreement', 'seal'] as const satisfies readonly ValidatorPart[]

const ACCOUNTS = 1_000_000
const DEALS = 100_000

export function addBenchChain(bench: Command, context: CommandContext): void {
  const command = bench
    .command('chain')
    .description(
      'Measure a chain in a folder of its own: throughput, execution, latency, a large state, growth; or validators on CometBFT: agreement, seal.',
    )
    .addOption(new Option('--engine <engine>', 'what agrees on blocks').choices(ENGINES).default('embedded'))
    .addOption(new Option('--only <part>', 'one of the measurements').choices([...PARTS, ...COMET_PARTS]))
    .option('--validators <count>', 'comet: how many, all on this machine', wholeNumber(1, 16), 4)
    .option('--cometbft <program>', 'comet: CometBFT', 'cometbft')
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
        `${formatTable(['figure', 'value', '', 'min', 'max', 'must', '', 'goal'], figures.map(row))}\n${machine(figures)}`,
    },
  )
}

async function measure(
  { engine, only, accounts, deals, validators, cometbft }: BenchChainOptions,
  options: BenchOptions,
): Promise<ChainFigure[]> {
  if (engine === 'comet') {
    const { measureValidators } = await import('./bench-validators.ts')
    return measureValidators(partsOf(COMET_PARTS, engine, only), { ...options, validators, cometbft })
  }
  const benches = await loadBenchmarks(() => import('@granary/bench/chain'))
  const parts: Readonly<Record<Part, () => Promise<readonly ChainFigure[]>>> = {
    transfers: async () => [await benches.benchTransfers(options)],
    execution: async () => [await benches.benchExecution(options)],
    publish: async () => [await benches.benchPublish(options)],
    growth: async () => [await benches.benchGrowth({ ...options, sectors: deals })],
    state: () => benches.benchLargeState({ ...options, accounts, sectors: deals }),
  }
  const figures: ChainFigure[] = []
  for (const part of partsOf(PARTS, engine, only)) figures.push(...(await parts[part]()))
  return figures
}

/** @throws UsageError where it is a measurement of another engine */
function partsOf<P extends string>(parts: readonly P[], engine: Engine, only: string | undefined): readonly P[] {
  if (only === undefined) return parts
  const part = parts.find((each) => each === only)
  if (part === undefined)
    throw new UsageError(`${only} is not measured with --engine ${engine}: ${parts.join(', ')} are`)
  return [part]
}

function row({ name, value, unit, min, max, must, holds, goal }: ChainFigure): string[] {
  const bound = unit === '/s' ? '≥' : '≤'
  return [
    name,
    `${value}`,
    unit,
    `${min}`,
    `${max}`,
    `${bound} ${must}`,
    holds ? 'holds' : 'missed',
    goal === undefined ? '' : `${bound} ${goal}`,
  ]
}

function machine(figures: readonly ChainFigure[]): string {
  const [first] = figures
  return first === undefined ? '' : `${first.cpu}, ${first.cores} cores`
}
