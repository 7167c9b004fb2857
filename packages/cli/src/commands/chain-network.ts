/** granary chain entry | collect | join: several operators, each with a machine of their own, make a network of validators. */
import { type Command, InvalidArgumentError } from 'commander'
import { moreHelp } from '../more-help.ts'
import { type HomeOptions, homeOf, type JsonOptions, withHome, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'
import { UsageError } from '../usage-error.ts'
import { assertAccounts, type GenesisAccount, withAccounts, withBlockTime } from './genesis-options.ts'

interface Place {
  readonly host: string
  readonly port: number
}

interface EntryCommand extends HomeOptions, JsonOptions {
  readonly address: Place
  readonly owner: string
  readonly name: string
  readonly out: string
}

interface CollectCommand extends JsonOptions {
  readonly account?: readonly GenesisAccount[]
  readonly supply?: bigint
  readonly chainId: string
  readonly blockTime?: number
  readonly drandInfo?: string
  readonly genesisFile?: string
  readonly out: string
}

interface JoinCommand extends HomeOptions, JsonOptions {
  readonly genesisHash: `0x${string}`
  readonly listen?: Place
  readonly syncFrom?: readonly string[]
  readonly trust?: TrustedBlock
}

interface TrustedBlock {
  readonly height: number
  readonly hash: string
}

const COLLECT_HELP =
  'Nothing in the file is secret. Each operator joins by the hash that it prints: compare it by another way than the one by which the file goes round.'

export function addNetwork(chain: Command, context: CommandContext): void {
  const entry = chain
    .command('entry')
    .description('Make the keys of a validator in <home>/chain, and the file that tells others of it.')
    .requiredOption('--address <host:port>', 'where other validators reach it', place)
    .requiredOption('--owner <address>', 'whose its bond is')
    .requiredOption('--name <name>', 'for people: lower-case letters, digits, dashes')
    .requiredOption('--out <file>', 'the entry; no file is replaced')
  withJson(withHome(entry))
    .addHelpText(
      'after',
      moreHelp('Keys that are there are kept. The file holds no secret; the keys stay in the home.'),
    )
    .action((options: EntryCommand) => makeEntry(options, context))

  const grow = chain
    .command('grow')
    .description("Make the home of a chain's only validator go on with CometBFT, so that others can join it.")
    .option('--listen <host:port>', 'where other nodes reach it', place, { host: '127.0.0.1', port: 26_656 })
  withJson(withHome(grow))
    .addHelpText(
      'after',
      moreHelp('No node may run there meanwhile. Start it with `granary chain run` afterwards; it cannot go back.'),
    )
    .action((options: GrowCommand) => growChain(options, context))

  const collect = chain
    .command('collect')
    .description('Make the genesis of a network of the entries of its validators.')
    .argument('<entries...>', 'files of `chain entry`; in their order they stand in the genesis')
    .option('--chain-id <name>', 'of the chain', 'granary')
    .option('--genesis-file <file>', 'genesis.json of a chain that others are to join, in place of a new one')
    .option('--drand-info <file>', 'what a relay of another drand network than quicknet answers to /info')
    .requiredOption('--out <file>', 'the network; no file is replaced')
  withJson(withBlockTime(withAccounts(collect)))
    .addHelpText('after', moreHelp(COLLECT_HELP))
    .action((entries: readonly string[], options: CollectCommand) => collectNetwork(entries, options, context))

  const join = chain
    .command('join')
    .description(
      'Make <home>/chain a home of a collected network; again with newer entries, it learns of new addresses.',
    )
    .argument('<network>', 'file of `chain collect`')
    .argument('[entry...]', 'newer ones: of who is reached elsewhere now, or came later')
    .requiredOption('--genesis-hash <hash>', 'as it was compared with the others', hash)
    .option(
      '--listen <host:port>',
      'for other nodes (default: the address of its entry, where that is one of this machine)',
      place,
    )
    .option(
      '--sync-from <url>',
      "CometBFT's RPC of a node of it, to begin with the state of others instead of all blocks; once for each",
      urls,
    )
    .option('--trust <height:hash>', "a block that is the chain's, not older than 32 hours: for --sync-from", trusted)
  withJson(withHome(join))
    .addHelpText('after', moreHelp('Start it with `granary chain run` afterwards.'))
    .action((path: string, newer: readonly string[], options: JoinCommand) =>
      joinNetwork({ path, newer }, options, context),
    )
}

interface GrowCommand extends HomeOptions, JsonOptions {
  readonly listen: Place
}

async function growChain(options: GrowCommand, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await Promise.all([load(), print()])
  const home = homeOf(options)
  const grown = await chain.growChain({ home, p2p: options.listen })
  printResult(context, grown, {
    json: options.json ?? false,
    actions: [{ cmd: `granary chain run --home ${home}`, why: 'goes on with CometBFT' }],
    text: ({ height, appHash, nodeId, p2p }) =>
      [
        `block ${height + 1} is the first that CometBFT makes, app hash ${appHash}`,
        `node ${nodeId} at ${p2p.host}:${p2p.port}`,
      ].join('\n'),
  })
}

async function makeEntry(options: EntryCommand, context: CommandContext): Promise<void> {
  const [chain, { printResult }, { readAddress }] = await Promise.all([
    load(),
    print(),
    import('./wallet/read-address.ts'),
  ])
  const { address, name, out } = options
  const made = await chain.makeEntry({
    home: homeOf(options),
    ...address,
    owner: readAddress(options.owner),
    name,
    out,
  })
  printResult(context, made, {
    json: options.json ?? false,
    text: ({ path, validator, nodeId, host, port }) =>
      [path, `validator ${validator}`, `node ${nodeId} at ${host}:${port}`].join('\n'),
  })
}

async function collectNetwork(
  entries: readonly string[],
  options: CollectCommand,
  context: CommandContext,
): Promise<void> {
  const [chain, { printResult }, { readAddress }] = await Promise.all([
    load(),
    print(),
    import('./wallet/read-address.ts'),
  ])
  const { chainId, drandInfo, blockTime: blockTimeMs, genesisFile, out, json = false, account = [], supply } = options
  if (genesisFile === undefined) assertAccounts(options.account, supply)
  const accounts = account.map(({ address, balance }) => ({ address: readAddress(address), balance }))
  const made = await chain.collectNetwork({ entries, chainId, accounts, blockTimeMs, drandInfo, genesisFile, out })
  const result = { path: out, genesisHash: made.genesisHash, validators: made.entries }
  printResult(context, result, {
    json,
    actions: [
      {
        cmd: `granary chain join ${out} --genesis-hash ${made.genesisHash}`,
        why: 'by each operator, once the hash is compared',
      },
    ],
    text: ({ path, genesisHash, validators }) =>
      [
        path,
        `genesis ${genesisHash}`,
        ...validators.map(({ name, validator, host, port }) => `${name} at ${host}:${port}, validator ${validator}`),
      ].join('\n'),
  })
}

async function joinNetwork(
  files: { readonly path: string; readonly newer: readonly string[] },
  options: JoinCommand,
  context: CommandContext,
): Promise<void> {
  const [chain, { printResult }] = await Promise.all([load(), print()])
  const { genesisHash, listen } = options
  const home = homeOf(options)
  const joined = await chain.joinNetwork({ ...files, home, genesisHash, listen, stateSync: stateSyncOf(options) })
  printResult(context, joined, {
    json: options.json ?? false,
    actions: [{ cmd: `granary chain run --home ${home}`, why: 'starts the node' }],
    text: ({ name, p2p, peers }) =>
      `${name ?? 'no validator of the genesis'}: listens for ${peers} others at ${p2p.host}:${p2p.port}`,
  })
}

function stateSyncOf({ syncFrom, trust }: JoinCommand) {
  if (syncFrom === undefined && trust === undefined) return undefined
  if (syncFrom !== undefined && trust !== undefined)
    return { rpcServers: syncFrom, trustHeight: trust.height, trustHash: trust.hash }
  throw new UsageError(
    '--sync-from and --trust go together',
    "name a block that you know to be the chain's by its height and hash, as another operator tells you",
  )
}

const load = () => import('@granary/chain/node')
const print = () => import('../print/result.ts')

function place(text: string): Place {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/i.exec(text) ?? []
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535)
    return { host: host.toLowerCase(), port: Number(port) }
  throw new InvalidArgumentError('expected a host and a port, such as 203.0.113.7:26656.')
}

function urls(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^https?:\/\/[\w.:[\]-]+$/.test(text))
    throw new InvalidArgumentError('expected http://, a host, a colon and a port.')
  return [...before, text]
}

function trusted(text: string): TrustedBlock {
  const [, height = '', hash = ''] = /^([1-9]\d{0,14}):(?:0x)?([0-9a-fA-F]{64})$/.exec(text) ?? []
  if (hash === '') throw new InvalidArgumentError('expected a height, a colon and 64 hex digits.')
  return { height: Number(height), hash }
}

function hash(text: string): `0x${string}` {
  if (/^0x[0-9a-f]{64}$/.test(text)) return text as `0x${string}`
  throw new InvalidArgumentError('expected 0x and 64 lower-case hex digits.')
}
