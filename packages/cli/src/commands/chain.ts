/** granary chain init | run: a chain node of one's own; chain-upkeep has the rest. */
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import {
  type HomeOptions,
  homeOf,
  type JsonOptions,
  port,
  wholeNumber,
  withHome,
  withJson,
  withParent,
} from '../options.ts'
import { addChainUpkeep } from './chain-upkeep.ts'

interface InitOptions extends HomeOptions, JsonOptions {
  readonly devnet?: true
  readonly blockTime?: number
}

interface RunOptions extends HomeOptions, JsonOptions {
  readonly port: number
  readonly host: string
  readonly stopWithParent?: true
}

export function addChain(program: Command): void {
  const chain = program.command('chain').description('Make a chain, run a node of one, check and move its file.')
  const init = chain
    .command('init')
    .description('Write genesis and keys of a new chain into <home>/chain.')
    .option('--devnet', 'local randomness, and a faucet: for development only')
    .option('--block-time <ms>', 'milliseconds from block to block (default: 500 on a devnet)', wholeNumber(50, 60_000))
  withJson(withHome(init)).addHelpText('after', exitCodesHelp).action(initChain)

  const run = chain
    .command('run')
    .description('Run the node of <home>/chain until Ctrl-C.')
    .addOption(new Option('--port <port>', 'of the RPC; 0 for any free one').argParser(port).default(7460))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
  withParent(withJson(withHome(run), 'one line of JSON when ready, and the log as JSON on standard error'))
    .addHelpText('after', exitCodesHelp)
    .action(runChain)
  addChainUpkeep(chain)
}

async function initChain(options: InitOptions): Promise<void> {
  const [chain, { printResult }] = await Promise.all([import('@granary/chain/node'), import('../print/result.ts')])
  const { devnet = false, blockTime } = options
  const home = homeOf(options)
  const made = await chain.initChain({ home, devnet, ...(blockTime === undefined ? {} : { blockTimeMs: blockTime }) })
  printResult(made, {
    json: options.json ?? false,
    actions: [{ cmd: `granary chain run --home ${home}`, why: 'starts the node' }],
    text: ({ genesisHash, files }) => [`genesis ${genesisHash}`, ...files].join('\n'),
  })
}

async function runChain(options: RunOptions): Promise<void> {
  const [chain, { runDaemon }] = await Promise.all([import('@granary/chain/node'), import('../run-daemon.ts')])
  const { port, host, json = false, stopWithParent = false } = options
  await runDaemon({
    role: 'chain',
    json,
    withParent: stopWithParent,
    async start(log) {
      const daemon = await chain.runChain({ home: homeOf(options), host, port, log: (event) => log({ ...event }) })
      return { daemon, facts: {} }
    },
  })
}
