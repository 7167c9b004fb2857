/** granary put FILE: stores a file and follows it until it is sealed, proven and active. */
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import {
  type ChainOptions,
  durationMs,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  wholeNumber,
  withChain,
  withHome,
  withJson,
  withPassphrase,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface PutCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {
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
  withJson(withPassphrase(withHome(withChain(command))))
  command
    .addHelpText('after', exitCodesHelp)
    .action((file: string, options: PutCommandOptions) => put(file, options, context))
}

async function put(file: string, options: PutCommandOptions, context: CommandContext): Promise<void> {
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
  const { provider, label, again, passphraseFile, progress, json = false } = options
  const folder = join(homeOf(options), 'client')
  using story = createStory({ stream: context.stderr, env: context.env, startMs })
  const tell = {
    text: story.tell,
    json: (event: object) => void context.stderr.write(`${JSON.stringify(event)}\n`),
    none: undefined,
  }[progress]

  const result = await interruptible(async (signal) => {
    // Before anything is asked of a chain: the nearest mistake is named first.
    await inspectFile(file)
    const open = await openChain(options.chain, signal)
    const signer = await openSigner({ ...open, folder, passphraseFile, signal })
    const client = createGranary({ chain: open.chain, signer, folder })
    const duration = options.duration === undefined ? undefined : Math.ceil(options.duration / open.status.blockTimeMs)
    return await client.put(file, { duration, provider, label, again, signal, onProgress: tell })
  })
  const at = options.chain
  printResult(context, result, {
    json,
    actions: [
      { cmd: `granary get ${result.rootCid} -o OUT --chain ${at}`, why: 'fetches the file back' },
      { cmd: `granary status ${result.rootCid} --chain ${at}`, why: 'shows what is proven and paid' },
    ],
    text: ({ rootCid }) => rootCid,
  })
}
