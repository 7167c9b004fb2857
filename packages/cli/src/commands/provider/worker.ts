/** granary provider worker: seals for providers of other machines until it is stopped. */
import { type Command, Option } from 'commander'
import { moreHelp } from '../../more-help.ts'
import { cacheOf, type HomeOptions, homeOf, wholeNumber, withHome, withJson, withParent } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

interface WorkerOptions extends HomeOptions {
  readonly queue: string
  readonly parallel: number
  readonly together: number
  readonly memory?: number
  readonly json?: true
  readonly stopWithParent?: true
}

const PARALLEL_MAX = 64
const TOGETHER_MAX = 4
const MIB = 2 ** 20

export function addWorker(provider: Command, context: CommandContext): void {
  const worker = withHome(
    provider
      .command('worker')
      .description(
        'Seal for providers of other machines, whose folders are seen here under the same paths, until Ctrl-C.',
      ),
  )
    .addOption(
      new Option('--queue <url>', 'the Redis of the provider: its --redis, or `sealing.redis`')
        .env('GRANARY_REDIS')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--parallel <count>', 'steps at a time, a core each')
        .argParser(wholeNumber(1, PARALLEL_MAX))
        .default(1),
    )
  worker
    .addOption(
      new Option('--together <count>', 'sectors in lockstep in each step, at most')
        .argParser(wholeNumber(1, TOGETHER_MAX))
        .default(TOGETHER_MAX),
    )
    .addOption(
      new Option('--memory <MiB>', 'what all steps together may take (default: what is free)').argParser(
        wholeNumber(64, 2 ** 30),
      ),
    )
  withParent(withJson(worker, 'one line of JSON when ready, and the log as JSON on standard error'))
    .addHelpText(
      'after',
      moreHelp('It needs no account and no chain. Parents tables are made in the cache of --home (or GRANARY_CACHE).'),
    )
    .action((options: WorkerOptions) => runWorker(options, context))
}

async function runWorker(options: WorkerOptions, context: CommandContext): Promise<void> {
  const [{ runWorker: run }, { runDaemon }] = await Promise.all([
    import('@granary/provider/worker'),
    import('../../run-daemon.ts'),
  ])
  const { queue, parallel, together, memory, json = false } = options
  await runDaemon(context, {
    role: 'worker',
    json,
    withParent: options.stopWithParent ?? false,
    async start(log) {
      const daemon = await run({
        queueUrl: queue,
        cacheHome: cacheOf(homeOf(options), context),
        parallel,
        together,
        log,
        ...(memory === undefined ? {} : { memoryBytes: memory * MIB }),
      })
      return { daemon, facts: { serves: daemon.serves() } }
    },
  })
}
