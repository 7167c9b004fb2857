/** granary tools bench: how fast this machine is at what a provider does, with all that makes figures comparable. */
import type { BenchOptions, Figure } from '@granary/bench/proofs'
import { type Profile, profileNamed } from '@granary/proofs/profile'
import { Argument, type Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, type JsonOptions, wholeNumber, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { addBenchChain } from './bench-chain.ts'
import { addBenchClient } from './bench-client.ts'
import { addBenchProvider } from './bench-provider.ts'
import { loadBenchmarks } from './load-benchmarks.ts'
import { parentsFolder } from './parents-folder.ts'
import { profileOption } from './sector-profile.ts'

interface BenchCommandOptions extends HomeOptions, JsonOptions {
  readonly profile?: string
  readonly sectors?: number
  readonly in?: string
}

const KINDS = ['commp', 'label', 'parents', 'seal', 'trees', 'porep', 'post', 'sector'] as const
type Kind = (typeof KINDS)[number]

/** Small enough to be done in seconds; the large ones are asked for. */
const PROFILE_DEFAULT = '8MiB-dev'
/** Sectors at once: what the kernel interleaves; of a list: what is sealed in a moment. */
const SECTORS_MAX: Readonly<Partial<Record<Kind, number>>> = { label: 4, seal: 4, post: 256 }
const TAKES_SECTOR: ReadonlySet<Kind> = new Set(['porep', 'post'])
const PRODUCTION = { layers: 11, challenges: 176 } as const

export function addBench(tools: Command, context: CommandContext): void {
  const command = tools
    .command('bench')
    .description(
      'Measure, five times (sector: once): minimum, median and maximum, and U, a block of SHA-256 at the bulk rate.',
    )
    .addArgument(new Argument('<kind>', 'what to measure').choices(KINDS))
    .addOption(profileOption())
    .option('--sectors <k>', 'label, seal: so many at once (1 to 4); post: in the list', wholeNumber(1, 256))
    .option('--in <folder>', 'porep, post: measure on this sealed sector instead of a new one')
  withJson(withHome(command))
    .addHelpText('after', exitCodesHelp)
    .action((kind: Kind, options: BenchCommandOptions) => bench(kind, options, context))
  addBenchChain(command, context)
  addBenchClient(command, context)
  addBenchProvider(command, context)
}

async function bench(kind: Kind, options: BenchCommandOptions, context: CommandContext): Promise<void> {
  checkOptions(kind, options)
  const [{ interruptible }, { printFigures }] = await Promise.all([
    import('../../interruptible.ts'),
    import('./print-figures.ts'),
  ])
  const onProgress = (words: string) => void context.stderr.write(`${words}\n`)
  const figures = await interruptible((signal) => measure(kind, options, context, { signal, onProgress }))
  printFigures(context, figures, options)
}

async function measure(
  kind: Kind,
  options: BenchCommandOptions,
  context: CommandContext,
  benchOptions: BenchOptions,
): Promise<Figure[]> {
  const benches = await loadBenchmarks(() => import('@granary/bench/proofs'))
  const sectors = options.sectors ?? 1
  const input = {
    profile: profileOf(kind, options.profile),
    sectors,
    parentsDir: parentsFolder(options, context),
    dir: options.in,
  }
  switch (kind) {
    case 'commp':
      return await benches.benchCommp(benchOptions)
    case 'label':
      return await benches.benchLabel(input, benchOptions)
    case 'parents':
      return await benches.benchParents(input, benchOptions)
    case 'seal':
      return await benches.benchSeal(input, benchOptions)
    case 'trees':
      return await benches.benchTrees(input, benchOptions)
    case 'porep':
      return await benches.benchPorep(input, benchOptions)
    case 'post':
      return await benches.benchPost(input, benchOptions)
    case 'sector':
      return await benches.benchSector(input, benchOptions)
  }
}

/** A PoRep without a profile is one of production, on a sector that is sealed in seconds. */
function profileOf(kind: Kind, name: string | undefined): Profile {
  const profile = profileNamed(name ?? PROFILE_DEFAULT)
  return kind === 'porep' && name === undefined ? { ...profile, ...PRODUCTION } : profile
}

function checkOptions(kind: Kind, { profile, sectors, in: dir }: BenchCommandOptions): void {
  const most = SECTORS_MAX[kind]
  if (sectors !== undefined && most === undefined) throw new UsageError(`bench ${kind} has no --sectors`)
  if (sectors !== undefined && sectors > most!) throw new UsageError(`bench ${kind} takes at most ${most} sectors`)
  if (kind === 'commp' && profile !== undefined)
    throw new UsageError('bench commp has no --profile: its input is 1 GiB')
  if (dir === undefined) return
  if (!TAKES_SECTOR.has(kind)) throw new UsageError(`bench ${kind} has no --in`)
  if (profile !== undefined || sectors !== undefined)
    throw new UsageError('--in says which sector: no --profile, no --sectors')
}
