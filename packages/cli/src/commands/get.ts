/** granary get CID -o OUT: fetches a file, every block checked against its CID. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { type ChainOptions, type JsonOptions, withChain, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface GetCommandOptions extends ChainOptions, JsonOptions {
  readonly output: string
}

export function addGet(program: Command, context: CommandContext): void {
  const command = program
    .command('get')
    .description('Fetch a file by its CID, verified block by block; no key is needed.')
    .argument('<cid>', 'root CID of the file, as put prints it')
    .requiredOption('-o, --output <file>', 'where to write it; replaced as a whole, or not at all')
  withJson(withChain(command))
  command
    .addHelpText('after', exitCodesHelp)
    .action((cid: string, options: GetCommandOptions) => get(cid, options, context))
}

async function get(cid: string, options: GetCommandOptions, context: CommandContext): Promise<void> {
  const startMs = performance.now()
  const [client, { createStory }, { interruptible }, { openChain }, { printResult }, { formatBytes }, { givenBy }] =
    await Promise.all([
      import('@granary/client/node'),
      import('../print/story.ts'),
      import('../interruptible.ts'),
      import('../open-chain.ts'),
      import('../print/result.ts'),
      import('../print/quantities.ts'),
      import('../print/holder-text.ts'),
    ])
  using story = createStory({ stream: context.stderr, env: context.env, startMs })
  const result = await interruptible(async (signal) => {
    const { chain } = await openChain(options.chain, signal)
    return await client.save({ chain, fetch }, cid, options.output, { signal, onProgress: story.tell })
  })
  printResult(context, result, {
    json: options.json ?? false,
    text: ({ out, bytes, report }) => `${out}  (${formatBytes(bytes)}, every block verified, ${givenBy(report)})`,
  })
}
