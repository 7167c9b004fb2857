/** granary completion SHELL: what a shell needs to complete commands, options and their values. */
import { Argument, type Command } from 'commander'
import { type Shell, shells } from '../completion/scripts.ts'
import { moreHelp } from '../more-help.ts'
import type { CommandContext } from '../program-context.ts'

const HELP = `For this session:
  bash, zsh  source <(granary completion SHELL)
  fish       granary completion fish | source
For good, put that line into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish.`

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('Print what a shell needs to complete commands, options and their values.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', moreHelp(HELP))
    .action((shell: Shell) => print(shell, context))
  // What the shells ask; hidden, since people have no use for it.
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action((words: readonly string[]) => complete(program, words, context))
}

async function print(shell: Shell, context: CommandContext): Promise<void> {
  const [{ completionScript }, { invocation }] = await Promise.all([
    import('../completion/scripts.ts'),
    import('../invocation.ts'),
  ])
  // A name is found wherever the user will stand; a path is told as it is, since npx would look for it anew each time.
  const call = invocation({ ...context, cwd: () => '/' })
  context.stdout.write(completionScript(shell, call))
}

async function complete(program: Command, words: readonly string[], { stdout }: CommandContext): Promise<void> {
  const { candidates } = await import('../completion/candidates.ts')
  const { values, files } = candidates(program, words)
  const lines = values.map(({ value, description }) => `${value}\t${description}`)
  stdout.write([...lines, ...(files ? [':'] : []), ''].join('\n'))
}
