/** granary quote PATH…: who would store it, why, and the whole price; nothing is spent. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { withChain, withHome, withJson, withPassphrase } from '../options.ts'
import type { CommandContext } from '../program-context.ts'
import { openSource, printQuote, withWanted } from './put.ts'
import type { QuoteCommandOptions } from './put-options.ts'

export function addQuote(program: Command, context: CommandContext): void {
  const command = withWanted(
    program
      .command('quote')
      .description('Show who would store files and folders, why, and the whole price; nothing is spent.')
      .argument('<path...>', 'what to store; several are one folder, and - is standard input'),
  )
  withJson(withPassphrase(withHome(withChain(command))))
  command
    .addHelpText('after', exitCodesHelp)
    .action((paths: string[], options: QuoteCommandOptions) => quote(paths, options, context))
}

async function quote(paths: readonly string[], options: QuoteCommandOptions, context: CommandContext): Promise<void> {
  const { patiently } = await import('../print/patiently.ts')
  const { found, time } = await patiently(context, async (signal) => {
    const { client, source, duration, time } = await openSource(paths, options, context, signal)
    const found = await client.quote(source, {
      duration,
      renewUntil: options.renewUntil,
      copies: options.copies,
      provider: options.provider,
      signal,
    })
    return { found, time }
  })
  await printQuote(found, { json: options.json ?? false, time }, context)
}
