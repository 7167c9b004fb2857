/** granary put FILE: stores a file and follows it until it is sealed, proven and active. */
import { join } from 'node:path'
import type { PutProgress } from '@granary/client/node'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import {
  type ChainOptions,
  durationMs,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  type QuietOptions,
  wholeNumber,
  withChain,
  withHome,
  withJson,
  withPassphrase,
  withQuiet,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface PutCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions, QuietOptions {
  readonly duration?: number
  readonly provider?: number
  readonly label?: string
  readonly again?: true
  readonly progress: 'text' | 'json' | 'none'
}

export function addPut(program: Command, context: CommandContext): void {
  const command = program
    .command('put')
    .description('Store a file: price, upload, deal, and what happens until it is sealed and proven.')
    .argument('<file>', 'the file to store')
    .option('--duration <time>', 'how long, such as 30m, 12h or 180d (default: 1h on a devnet, else 180d)', durationMs)
    .option(
      '--provider <id>',
      'only this provider (default: the cheapest that fits and answers)',
      wholeNumber(0, 2 ** 32 - 1),
    )
    .option('--label <text>', 'goes on the chain, for all to see; at most 256 bytes')
    .option('--again', 'make another deal even though the file has an active one')
    .addOption(
      new Option('--progress <form>', 'progress on standard error').choices(['text', 'json', 'none']).default('text'),
    )
  withQuiet(withJson(withPassphrase(withHome(withChain(command)))), 'print the CID, and nothing of what is done')
  command
    .addHelpText('after', exitCodesHelp)
    .action((file: string, options: PutCommandOptions) => put(file, { options, asked: askedOf(command) }, context))
}

interface PutInput {
  readonly options: PutCommandOptions
  /** What of OF_TERMS was given as a flag. */
  readonly asked: readonly string[]
}

async function put(file: string, { options, asked }: PutInput, context: CommandContext): Promise<void> {
  const startMs = performance.now()
  const [
    { createGranary, inspectFile },
    { createStory },
    { interruptible },
    { openChain },
    { openSigner },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../print/story.ts'),
    import('../interruptible.ts'),
    import('../open-chain.ts'),
    import('../open-signer.ts'),
    import('../print/result.ts'),
  ])
  const { provider, label, again, passphraseFile, json = false } = options
  const progress = options.quiet ? 'none' : options.progress
  const folder = join(homeOf(options), 'client')
  using story = createStory({ stream: context.stderr, env: context.env, startMs })
  const tell = {
    text: story.tell,
    json: (event: object) => void context.stderr.write(`${JSON.stringify(event)}\n`),
    none: undefined,
  }[progress]

  let unused: readonly string[] = []
  const onProgress = (news: PutProgress) => {
    if (news.type === 'resumed') unused = news.step === 'upload' ? [] : asked
    tell?.(news)
  }

  const result = await interruptible(async (signal) => {
    // Before anything is asked of a chain: the nearest mistake is named first.
    await inspectFile(file)
    const open = await openChain(options.chain, signal)
    const signer = await openSigner({ ...open, folder, passphraseFile, signal })
    const client = createGranary({ chain: open.chain, signer, folder })
    const duration = options.duration === undefined ? undefined : Math.ceil(options.duration / open.status.blockTimeMs)
    return await client.put(file, { duration, provider, label, again, signal, onProgress })
  })
  const at = options.chain
  if (unused.length > 0 && progress === 'text') {
    story.say('no effect', `${unused.join(', ')}: the deal was agreed before (--again makes another)`, 'yellow')
  }
  printResult(
    context,
    { ...result, withoutEffect: unused },
    {
      json,
      actions: [
        { cmd: `granary get ${result.rootCid} -o OUT --chain ${at}`, why: 'fetches the file back' },
        { cmd: `granary status ${result.rootCid} --chain ${at}`, why: 'shows what is proven and paid' },
      ],
      text: ({ rootCid }) => rootCid,
    },
  )
}

/** Of a deal that was agreed before, these say nothing any more. */
const OF_TERMS = ['duration', 'provider', 'label'] as const

function askedOf(command: Command): string[] {
  return OF_TERMS.filter((name) => command.getOptionValueSource(name) === 'cli').map((name) => `--${name}`)
}
