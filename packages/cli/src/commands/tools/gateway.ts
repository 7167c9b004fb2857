/** granary tools gateway FILE.car…: the gateway of a provider over some CARs, without a chain. */
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, port, withJson, withParent } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

interface GatewayOptions extends JsonOptions {
  readonly host: string
  readonly port: number
  readonly stopWithParent?: true
}

export function addGateway(tools: Command, context: CommandContext): void {
  const command = tools
    .command('gateway')
    .description('Serve all blocks of some CARs over HTTP, as a provider does, until Ctrl-C.')
    .argument('<car...>', 'the CARs; their blocks are served whether a root leads to them or not')
    .addOption(new Option('--port <port>', '0 for any free one').argParser(port).default(8080))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
  withParent(withJson(command, 'one line of JSON when ready, and the log as JSON on standard error'))
    .addHelpText('after', exitCodesHelp)
    .action((cars: string[], options: GatewayOptions) => gateway(cars, options, context))
}

async function gateway(cars: readonly string[], options: GatewayOptions, context: CommandContext): Promise<void> {
  const { host, port, json = false, stopWithParent = false } = options
  const [{ runGateway }, { runDaemon }] = await Promise.all([
    import('@granary/provider/gateway'),
    import('../../run-daemon.ts'),
  ])
  await runDaemon(context, {
    role: 'gateway',
    json,
    withParent: stopWithParent,
    start: async (log) => ({ daemon: await runGateway({ cars, host, port, log }), facts: { cars } }),
  })
}
