/** All commands with their options. Nothing heavy is imported here: `--help` answers at once. */
import { withoutPasswords } from '@granary/base'
import { Command } from 'commander'
import { addCat } from './commands/cat.ts'
import { addChain } from './commands/chain.ts'
import { addCompletion } from './commands/completion.ts'
import { addConfig } from './commands/config.ts'
import { addCancel } from './commands/deal/cancel.ts'
import { addRenew } from './commands/deal/renew.ts'
import { addSettle } from './commands/deal/settle.ts'
import { addTopUp } from './commands/deal/topup.ts'
import { addDeals } from './commands/deals.ts'
import { addDemo } from './commands/demo.ts'
import { addDevnet } from './commands/devnet.ts'
import { addDoctor } from './commands/doctor.ts'
import { addGet } from './commands/get.ts'
import { addLs } from './commands/ls.ts'
import { addProvider } from './commands/provider/provider.ts'
import { addProviders } from './commands/providers.ts'
import { addPut } from './commands/put.ts'
import { addQuote } from './commands/quote.ts'
import { addStatus } from './commands/status.ts'
import { addTools } from './commands/tools/tools.ts'
import { addVerify } from './commands/verify.ts'
import { addWallet } from './commands/wallet/wallet.ts'
import { exitCodesHelp } from './exit-code.ts'
import { withEnvironment } from './options.ts'
import { withMeant } from './other-names.ts'
import { columnsOf } from './print/columns-of.ts'
import type { CommandContext } from './program-context.ts'
import { version } from './version.ts'

export function createProgram(context: CommandContext): Command {
  const { stdout, stderr, env, json } = context
  const program = new Command('granary')
    .description('A storage marketplace whose storage is proven.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .showHelpAfterError('(add --help for what there is)')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => helpWidth(stdout, env),
      getErrHelpWidth: () => helpWidth(stderr, env),
      outputError(text, write) {
        const words = withMeant(withoutPasswords(text), program)
        if (!json) write(program.createHelp().boxWrap(words, columnsOf(stderr, env)))
      },
    })
    // Narrower columns than commander's own least are still better than lines that run on.
    .configureHelp({ minWidthToWrap: 20 })
    .addHelpText('after', exitCodesHelp)
    .hook('preAction', async (_, command) => {
      const { applyConfig } = await import('./config/apply-config.ts')
      await applyConfig(command, context)
    })
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(heading)
    for (const add of commands) add(program, context)
  }
  withHelp(program)
  return withEnvironment(program, env)
}

/** `granary help put`, and below each command that has others. */
function withHelp(command: Command): void {
  if (command.commands.length === 0) return
  for (const below of command.commands) withHelp(below)
  command.helpCommand('help [command]', 'Print the help of a command, as its --help does.')
}

/** What stands below which heading of the help, in its order. */
const GROUPS: Readonly<Record<string, readonly ((program: Command, context: CommandContext) => void)[]>> = {
  'Store and fetch:': [addPut, addQuote, addProviders, addGet, addLs, addCat],
  'What is stored:': [addDeals, addStatus, addVerify, addRenew, addTopUp, addCancel, addSettle],
  'Account and settings:': [addWallet, addConfig, addDoctor, addCompletion],
  'On this machine alone:': [addDevnet, addDemo],
  'Run a part of the market:': [addProvider, addChain],
  'By hand:': [addTools],
}

/** Where the width is not known, lines that are read in any terminal. */
const HELP_COLUMNS = 80

function helpWidth(stream: NodeJS.WritableStream, env: CommandContext['env']): number {
  const columns = columnsOf(stream, env)
  return Number.isFinite(columns) ? columns : HELP_COLUMNS
}
