/** granary chain header: the newest header of a node, by which others may begin to trust the chain. */
import type { Command } from 'commander'
import { moreHelp } from '../more-help.ts'
import { type ChainOptions, type JsonOptions, withChain, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface HeaderOptions extends ChainOptions, JsonOptions {}

const HELP = [
  'Whoever was away for more than 32 hours names it with --trusted-header: who runs the network publishes it, from a node of their own.',
  'The node is believed, so ask one that you trust.',
].join('\n\n')

export function addHeader(chain: Command, context: CommandContext): void {
  const command = chain.command('header').description('Print the newest header of a node as HEIGHT:HASH.')
  withJson(withChain(command))
    .addHelpText('after', moreHelp(HELP))
    .action((options: HeaderOptions) => header(options, context))
}

async function header(options: HeaderOptions, context: CommandContext): Promise<void> {
  const [{ openChain }, { patiently }, { printResult }, { formatDate }] = await Promise.all([
    import('../open-chain.ts'),
    import('../print/patiently.ts'),
    import('../print/result.ts'),
    import('../print/times.ts'),
  ])
  const found = await patiently(context, async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const { genesisHash, height } = status
    const block = await chain.block(height, { signal })
    return { genesisHash, height, hash: block.hash, timeMs: block.header.timeMs }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ genesisHash, height, hash, timeMs }) =>
      `${height}:${hash}\nof ${formatDate(new Date(timeMs))}, genesis ${genesisHash}`,
  })
}
