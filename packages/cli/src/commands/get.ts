/** granary get CID[/path] [-o OUT]: fetches a file, a folder or a CAR, every block checked against its CID. */
import type { SaveResult } from '@granary/client/node'
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { type JsonOptions, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'
import {
  type ByteRange,
  byteRange,
  contentArgument,
  openContentChain,
  type RetrievalOptions,
  withRetrieval,
} from '../retrieval.ts'
import { UsageError } from '../usage-error.ts'
import { cat } from './cat.ts'

interface GetCommandOptions extends RetrievalOptions, JsonOptions {
  readonly output?: string
  readonly range?: ByteRange
  readonly car?: true
  readonly overwrite?: true
}

export function addGet(program: Command, context: CommandContext): void {
  const command = program
    .command('get')
    .description('Fetch a file or a folder by its CID, verified block by block; no key is needed.')
    .argument('<content>', contentArgument)
    .option(
      '-o, --output <path>',
      'a file or folder, OUT/ for a new folder, or - for standard output; all of it, or nothing (default: its own name)',
    )
    .option('--range <first-last>', 'of a file: these bytes alone, counted from 0', byteRange)
    .option('--car', 'write the content and all below it as a CAR')
    .option(
      '--overwrite',
      'replace what is there: a folder, and a file under a name that it brings along (under one that you give, it does so anyway)',
    )
  withJson(withRetrieval(command))
    .addHelpText('after', exitCodesHelp)
    .action((content: string, options: GetCommandOptions) => get(content, options, context))
}

async function get(content: string, options: GetCommandOptions, context: CommandContext): Promise<void> {
  const { range, car = false, overwrite = false } = options
  if (range !== undefined && car) throw new UsageError('--range and --car: a CAR is of the whole')
  if (options.output === '-') {
    if (options.json) throw new UsageError('--json and -o -: standard output carries the one or the other')
    return await cat(content, { ...options, car }, context)
  }
  const startMs = performance.now()
  const [client, { createStory }, { interruptible }, { printResult }, { formatBytes, plural }, { givenBy }, words] =
    await Promise.all([
      import('@granary/client/node'),
      import('../print/story.ts'),
      import('../interruptible.ts'),
      import('../print/result.ts'),
      import('../print/quantities.ts'),
      import('../print/holder-text.ts'),
      import('../print/printable.ts'),
    ])
  const { printable } = words
  const fetchAll = async (signal: AbortSignal) => {
    using story = await createStory({ stream: context.stderr, env: context.env, startMs })
    const chain = await openContentChain(options, signal)
    return await client.save({ chain, fetch }, content, options.output ?? { folder: '.' }, {
      ...{ signal, unwrap: true, range, car, overwrite, gateways: options.gateway, onProgress: story.tell },
    })
  }
  // The line that is rewritten is gone before the result is written: clearing it would take the result away.
  const result = await interruptible(fetchAll)
  const whatOf = ({ type, files, bytes }: SaveResult): string =>
    type === 'directory' ? `${plural(files, 'file')}, ${formatBytes(bytes)}` : formatBytes(bytes)
  printResult(context, result, {
    json: options.json ?? false,
    text: (saved) => `${printable(saved.out)}  (${whatOf(saved)}, every block verified, ${givenBy(saved.report)})`,
  })
}
