/** granary chain init | run: a chain node of one's own; chain-upkeep has the rest. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ChainLogEvent } from '@granary/chain/node'
import { type Command, InvalidArgumentError, Option } from 'commander'
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
import type { CommandContext } from '../program-context.ts'
import { UsageError } from '../usage-error.ts'
import { addHeader } from './chain-header.ts'
import { addNetwork } from './chain-network.ts'
import { addChainProposal } from './chain-proposal.ts'
import { addChainUpkeep } from './chain-upkeep.ts'
import { addChainValidator } from './chain-validator.ts'
import { assertAccounts, type GenesisAccount, withAccounts, withBlockTime } from './genesis-options.ts'

interface InitOptions extends HomeOptions, JsonOptions {
  readonly devnet?: true
  readonly blockTime?: number
  readonly chainId?: string
  readonly account?: readonly GenesisAccount[]
  readonly supply?: bigint
}

interface TestnetOptions extends HomeOptions, JsonOptions {
  readonly validators: number
  readonly firstPort: number
  readonly blockTime?: number
  readonly start?: true
  readonly port: number
  readonly cometbft?: string
}

interface RunOptions extends HomeOptions, JsonOptions {
  readonly port: number
  readonly host: string
  readonly beacon?: readonly string[]
  readonly trustClock?: true
  readonly rateLimit?: number
  readonly keepProofs?: number
  readonly cometbft?: string
  readonly newDevnet?: true
  readonly stopWithParent?: true
}

const REQUESTS_MAX = 10_000_000
const BLOCKS_MAX = 2 ** 48
const VALIDATORS_MAX = 128
const FIRST_RPC_PORT = 7_461
/** So that all of them have their ports above the first. */
const PORT_MAX = 65_000

export function addChain(program: Command, context: CommandContext): void {
  const chain = program.command('chain').description('Make a chain, run a node of one, check and move its file.')
  const init = chain
    .command('init')
    .description('Write genesis and keys of a new chain into <home>/chain.')
    .option('--devnet', 'local randomness, and a faucet: for development only')
    .option('--chain-id <name>', 'of a chain that is no devnet (default: granary)')
  withJson(withHome(withAccounts(withBlockTime(init, '500 on a devnet, else 5000'))))
    .addHelpText('after', exitCodesHelp)
    .action((options: InitOptions) => initChain(options, context))

  const run = chain
    .command('run')
    .description('Run the node of <home>/chain until Ctrl-C.')
    .addOption(new Option('--port <port>', 'of the RPC; 0 for any free one').argParser(port).default(7460))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option(
      '--beacon <url>',
      'a relay of the drand network of the genesis; once for each (default: two of quicknet)',
      urls,
    )
    .option(
      '--trust-clock',
      "make blocks by the machine's clock before the beacon has shown that it is right; for this start alone",
    )
    .option(
      '--rate-limit <requests>',
      'a minute, of each address of another machine (default: 6000)',
      wholeNumber(1, REQUESTS_MAX),
    )
    .option(
      '--keep-proofs <blocks>',
      'drop the proofs of older blocks, at least 101 (default: keep all)',
      wholeNumber(1, BLOCKS_MAX),
    )
    .option('--cometbft <program>', 'CometBFT, for a home of `chain testnet` (default: cometbft, as PATH has it)')
  run.addOption(new Option('--new-devnet', 'where no chain is yet, make one for development').hideHelp())
  withParent(withJson(withHome(run), 'one line of JSON when ready, and the log as JSON on standard error'))
    .addHelpText('after', exitCodesHelp)
    .action((options: RunOptions) => runChain(options, context))
  const testnet = chain
    .command('testnet')
    .description('Write the homes of several validators on CometBFT into <home>/node1 and so on: for development.')
    .option('--validators <count>', 'how many', wholeNumber(1, VALIDATORS_MAX), 4)
    .option('--first-port <port>', "of the first one's CometBFT; each has two", wholeNumber(1, PORT_MAX), 26_656)
    .option('--block-time <ms>', 'milliseconds from block to block (default: 500)', wholeNumber(100, 60_000))
    .option('--start', 'and run them all until Ctrl-C; those that are there already are run as they are')
    .addOption(
      new Option('--port <port>', "of the first one's RPC, the others' behind it; 0 for any free ones")
        .argParser(port)
        .default(FIRST_RPC_PORT),
    )
    .option('--cometbft <program>', 'CometBFT that they are run with (default: cometbft, as PATH has it)')
  withJson(withHome(testnet))
    .addHelpText('after', exitCodesHelp)
    .action((options: TestnetOptions) =>
      options.start ? startTestnet(options, context) : initTestnet(options, context),
    )
  addNetwork(chain, context)
  addHeader(chain, context)
  addChainUpkeep(chain, context)
  addChainProposal(chain, context)
  addChainValidator(chain, context)
}

async function initChain(options: InitOptions, context: CommandContext): Promise<void> {
  const [chain, { readAddress }, { printResult }] = await Promise.all([
    import('@granary/chain/node'),
    import('./wallet/read-address.ts'),
    import('../print/result.ts'),
  ])
  const home = homeOf(options)
  const account = options.account?.map(({ address, balance }) => ({ address: readAddress(address), balance }))
  const made = await chain.initChain({ home, ...startOf({ ...options, ...(account && { account }) }) })
  printResult(context, made, {
    json: options.json ?? false,
    actions: [{ cmd: `granary chain run --home ${home}`, why: 'starts the node' }],
    text: ({ genesisHash, files }) => [`genesis ${genesisHash}`, ...files].join('\n'),
  })
}

async function initTestnet(options: TestnetOptions, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await Promise.all([import('@granary/chain/node'), import('../print/result.ts')])
  const { validators, firstPort, blockTime: blockTimeMs, port: rpcPort } = options
  const made = await chain.initTestnet({ home: homeOf(options), validators, firstPort, blockTimeMs })
  printResult(context, made, {
    json: options.json ?? false,
    actions: made.homes.map((home, index) => ({
      cmd: `granary chain run --home ${home} --port ${rpcPort === 0 ? 0 : rpcPort + index}`,
      why: `starts validator ${index + 1}`,
    })),
    text: ({ genesisHash, homes }) => [`genesis ${genesisHash}`, ...homes].join('\n'),
  })
}

async function startTestnet(options: TestnetOptions, context: CommandContext): Promise<void> {
  const [{ runDaemon }, testnet] = await Promise.all([import('../run-daemon.ts'), import('../devnet/start-testnet.ts')])
  const { json = false, validators, firstPort, blockTime: blockTimeMs, port: first, cometbft } = options
  await runDaemon(context, {
    role: 'chain',
    json,
    withParent: false,
    async start(log, signal) {
      const home = homeOf(options)
      let homes = homesIn(home)
      if (homes.length === 0) {
        const chain = await import('@granary/chain/node')
        ;({ homes } = await chain.initTestnet({ home, validators, firstPort, blockTimeMs }))
      }
      const running = await testnet.startTestnet({
        ...{ homes, port: first, cometbft, env: context.env, signal },
        onLog: (validator, event) => log({ ...event, validator }),
        onEnded: ({ name: validator }, { how }) => log({ type: 'validator:ended', level: 'alert', validator, how }),
      })
      const urls = running.validators.map(({ url }) => url)
      for (const { name: validator, url } of running.validators) log({ type: 'validator:started', validator, url })
      const daemon = { url: urls[0]!, stop: running.stop, halted: running.ended }
      return { daemon, facts: { validators: urls } }
    },
  })
}

/** Of the validators that an earlier call has made. */
function homesIn(home: string): readonly string[] {
  const nodes = Array.from({ length: VALIDATORS_MAX }, (_, index) => join(home, `node${index + 1}`))
  return nodes.filter((each) => existsSync(join(each, 'chain', 'genesis.json')))
}

function startOf({ devnet, blockTime, chainId, account, supply }: InitOptions) {
  const time = blockTime === undefined ? {} : { blockTimeMs: blockTime }
  if (devnet) {
    const wrong = [chainId && '--chain-id', account && '--account', supply !== undefined && '--supply'].find(Boolean)
    if (wrong) throw new UsageError(`${wrong} is for a chain that is no devnet: there the faucet has all the money`)
    return { devnet, ...time } as const
  }
  assertAccounts(account, supply, 'name those who have it with --account <address:GRN>, or make a devnet with --devnet')
  return { devnet: false, chainId: chainId ?? 'granary', accounts: account, ...time } as const
}

/** Of what a node tells: the rest is news. */
const levels: { readonly [Type in ChainLogEvent['type']]?: 'warn' | 'alert' } = {
  halted: 'alert',
  'upgrade:planned': 'warn',
  'upgrade:required': 'alert',
  stalled: 'alert',
  'clock:ahead': 'warn',
  'rpc:fault': 'warn',
  'verification:thread-lost': 'warn',
  'proposal:refused': 'warn',
  'comet:ended': 'alert',
  'comet:says': 'warn',
  'comet:garbled': 'warn',
  'state-sync:refused': 'warn',
  'snapshot:given-up': 'warn',
}

async function runChain(options: RunOptions, context: CommandContext): Promise<void> {
  const [chain, { runDaemon }] = await Promise.all([import('@granary/chain/node'), import('../run-daemon.ts')])
  const {
    port,
    host,
    beacon,
    trustClock = false,
    rateLimit,
    keepProofs,
    cometbft,
    json = false,
    stopWithParent = false,
  } = options
  const settings = {
    ...(beacon === undefined ? {} : { beaconUrls: beacon }),
    trustClock,
    ...(rateLimit === undefined ? {} : { addressLimits: { requestsPerMinute: rateLimit } }),
    ...(keepProofs === undefined ? {} : { keepProofs }),
    ...(cometbft === undefined ? {} : { cometProgram: cometbft }),
  }
  await runDaemon(context, {
    role: 'chain',
    json,
    withParent: stopWithParent,
    async start(log) {
      const home = homeOf(options)
      if (options.newDevnet && !existsSync(join(home, 'chain', 'genesis.json')))
        await chain.initChain({ home, devnet: true })
      const daemon = await chain.runChain({
        home,
        host,
        port,
        ...settings,
        log: (event) => log({ level: levels[event.type], ...event }),
      })
      return { daemon, facts: {} }
    },
  })
}

function urls(text: string, before: readonly string[] = []): readonly string[] {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new InvalidArgumentError('expected an HTTP address.')
  return [...before, text]
}
