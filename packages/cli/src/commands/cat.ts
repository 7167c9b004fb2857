/** granary cat CID[/path]: a file, or the one file of a folder, to standard output, every block checked against its CID before a byte of it goes out. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import type { CommandContext } from '../program-context.ts'
import {
  type ByteRange,
  byteRange,
  contentArgument,
  openContentChain,
  type RetrievalOptions,
  withRetrieval,
} from '../retrieval.ts'

export interface CatOptions extends RetrievalOptions {
  readonly range?: ByteRange
  /** The content and all below it, as a CAR. @default false */
  readonly car?: boolean
}

export function addCat(program: Command, context: CommandContext): void {
  const command = program
    .command('cat')
    .description('Write a file to standard output, verified block by block; no key is needed.')
    .argument('<content>', contentArgument)
    .option('--range <first-last>', 'these bytes alone, counted from 0', byteRange)
  withRetrieval(command)
    .addHelpText('after', exitCodesHelp)
    .action((content: string, options: CatOptions) => cat(content, options, context))
}

export async function cat(content: string, options: CatOptions, context: CommandContext): Promise<void> {
  const { range, car = false, gateway: gateways } = options
  const [client, { NotAFileError, parseCid }, { patiently, restingAtFirst }, { writeStdout }] = await Promise.all([
    import('@granary/client/node'),
    import('@granary/content'),
    import('../print/patiently.ts'),
    import('../write-stdout.ts'),
  ])
  await patiently(context, async (signal, told) => {
    const chain = await openContentChain(options, signal)
    const ports = { chain, fetch, clock: client.systemClock }
    const got = await client.get(ports, content, { signal, range, gateways, unwrap: !car })
    try {
      if (!car && got.type !== 'file') throw new NotAFileError(parseCid(got.cid), got.type)
      const bytes = car || got.type !== 'file' ? got.car() : got.stream()
      await writeStdout(context, restingAtFirst(bytes, told))
    } finally {
      got.close()
    }
  })
}
