/** granary demo [FILE]: the whole story on a devnet of its own. It is what `npm start` runs. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import type { CommandContext } from '../program-context.ts'

interface DemoOptions {
  readonly exit?: true
}

export function addDemo(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('Start a devnet, put a file, watch it sealed and proven, fetch it back; then stay until Ctrl-C.')
    .argument('[file]', 'the file to store (default: a sample that comes with this program)')
    .option('--exit', 'end after the check instead of staying')
    .addHelpText('after', exitCodesHelp)
    .action((file: string | undefined, options: DemoOptions) => demo(file, options, context))
}

async function demo(file: string | undefined, options: DemoOptions, context: CommandContext): Promise<void> {
  const startMs = performance.now()
  const { runDemo } = await import('../devnet/run-demo.ts')
  await runDemo(context, { file, exit: options.exit ?? false, startMs })
}
