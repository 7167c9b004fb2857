/** granary tools bench client: how fast content comes back on this machine, every block of it verified. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { loadBenchmarks } from './load-benchmarks.ts'

export function addBenchClient(bench: Command, context: CommandContext): void {
  const command = bench
    .command('client')
    .description('Measure a client, five times: a get of 256 MiB, every block verified, from this machine.')
  // An option that bench has too is bench's, wherever it stands.
  withJson(command)
    .addHelpText('after', exitCodesHelp)
    .action((_, own: Command) => benchClient(own.optsWithGlobals(), context))
}

async function benchClient(options: JsonOptions, context: CommandContext): Promise<void> {
  const [{ interruptible }, { printFigures }] = await Promise.all([
    import('../../interruptible.ts'),
    import('./print-figures.ts'),
  ])
  const { benchGet } = await loadBenchmarks(() => import('@granary/bench/client'))
  const onProgress = (words: string) => void context.stderr.write(`${words}\n`)
  printFigures(context, await interruptible((signal) => benchGet({ signal, onProgress })), options)
}
