/** granary tools bench provider: how fast a provider takes pieces and answers on this machine, and what it takes when it is idle. */
import { profileNamed } from '@granary/proofs/profile'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { loadBenchmarks } from './load-benchmarks.ts'
import { parentsFolder } from './parents-folder.ts'

interface BenchProviderOptions extends HomeOptions, JsonOptions {
  readonly only?: Part
}

const PARTS = ['ready', 'idle', 'upload', 'gateway', 'post'] as const
type Part = (typeof PARTS)[number]

const POST = { profile: '8MiB-dev', sectors: 256 } as const

export function addBenchProvider(bench: Command, context: CommandContext): void {
  const command = bench
    .command('provider')
    .description(
      'Measure a provider: how soon a devnet is ready; idle; upload to agreement of 1 GiB; its gateway; a PoSt of 80 samples over 256 sectors.',
    )
    .addOption(new Option('--only <part>', 'one of the measurements').choices(PARTS))
  // An option that bench has too is bench's, wherever it stands.
  withJson(withHome(command))
    .addHelpText('after', exitCodesHelp)
    .action((_, own: Command) => benchProvider(own.optsWithGlobals(), context))
}

async function benchProvider(options: BenchProviderOptions, context: CommandContext): Promise<void> {
  const [{ interruptible }, { self }, { printFigures }] = await Promise.all([
    import('../../interruptible.ts'),
    import('../../devnet/self.ts'),
    import('./print-figures.ts'),
  ])
  const { benchGateway, benchIdle, benchReady, benchUpload } = await loadBenchmarks(
    () => import('@granary/bench/provider'),
  )
  const { benchPost } = await loadBenchmarks(() => import('@granary/bench/proofs'))
  const onProgress = (words: string) => void context.stderr.write(`${words}\n`)
  const benches: Readonly<Record<Part, typeof benchUpload>> = {
    ready: benchReady,
    idle: benchIdle,
    upload: benchUpload,
    gateway: benchGateway,
    post: (bench) => {
      const parentsDir = parentsFolder(options, context)
      return benchPost({ profile: profileNamed(POST.profile), sectors: POST.sectors, parentsDir }, bench)
    },
  }
  const figures = await interruptible(async (signal) => {
    const parts = options.only === undefined ? PARTS : [options.only]
    const measured = []
    for (const part of parts) measured.push(...(await benches[part]({ signal, onProgress, program: self() })))
    return measured
  })
  printFigures(context, figures, options)
}
