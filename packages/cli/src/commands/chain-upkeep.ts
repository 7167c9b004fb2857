/** granary chain export | import | replay | verify | prune: work on the file of a chain while no node runs there. */
import { type Command, InvalidArgumentError } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { interruptible } from '../interruptible.ts'
import { type HomeOptions, homeOf, type JsonOptions, wholeNumber, withHome, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface ExportCommand extends HomeOptions, JsonOptions {
  readonly out: string
  readonly height?: number
}

interface ImportCommand extends HomeOptions, JsonOptions {
  readonly genesisHash?: `0x${string}`
}

interface PruneCommand extends HomeOptions, JsonOptions {
  readonly keep: number
}

type Upkeep = HomeOptions & JsonOptions

const HEIGHT_MAX = 2 ** 48

export function addChainUpkeep(chain: Command, context: CommandContext): void {
  finish(
    chain
      .command('export')
      .description('Write the state after a block into a file, byte for byte the same on every node.')
      .requiredOption('--out <file>', 'the snapshot; no file is replaced')
      .option(
        '--height <block>',
        'one of the last hundred (default: the one before the head)',
        wholeNumber(0, HEIGHT_MAX),
      ),
  ).action((options: ExportCommand) => exportChain(options, context))
  finish(
    chain
      .command('import')
      .argument('<file>', 'a snapshot')
      .description('Start <home>/chain from a snapshot, all of it verified from the hash of the genesis.')
      .option('--genesis-hash <hash>', 'of the chain (default: that of <home>/chain/genesis.json)', genesisHash),
  ).action((path: string, options: ImportCommand) => importChain(path, options, context))
  finish(
    chain.command('replay').description('Execute every block again and compare each app hash; changes nothing.'),
  ).action((options: Upkeep) => replay(options, context))
  finish(
    chain
      .command('verify')
      .description('Check file, headers, signatures, tree, kept states and every account; changes nothing.'),
  ).action((options: Upkeep) => verify(options, context))
  finish(
    chain
      .command('prune')
      .description('Drop transactions, events and headers before the last blocks; the state stays.')
      .requiredOption('--keep <blocks>', 'how many blocks stay, at least 101', wholeNumber(1, HEIGHT_MAX)),
  ).action((options: PruneCommand) => prune(options, context))
}

function finish(command: Command): Command {
  return withJson(withHome(command)).addHelpText('after', exitCodesHelp)
}

async function exportChain(options: ExportCommand, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await load()
  const { out, height } = options
  const made = await interruptible((signal) => chain.exportSnapshot({ home: homeOf(options), out, height, signal }))
  printResult(context, made, {
    json: options.json ?? false,
    actions: [{ cmd: `granary chain import ${made.path} --home FOLDER`, why: 'starts another node from it' }],
    text: ({ path, height, appHash, records, bytes, sha256 }) =>
      [
        `${path}`,
        `state after block ${height}: ${records} records, ${bytes} bytes`,
        `app hash ${appHash}`,
        `sha256 ${sha256}`,
      ].join('\n'),
  })
}

async function importChain(path: string, options: ImportCommand, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await load()
  const home = homeOf(options)
  const { genesisHash } = options
  const made = await interruptible((signal) => chain.importSnapshot({ home, path, genesisHash, signal }))
  printResult(context, made, {
    json: options.json ?? false,
    actions: [
      { cmd: `granary chain run --home ${home}`, why: "starts the node, with the validator's keys in the folder" },
    ],
    text: ({ height, appHash, records }) => `head is block ${height}: ${records} records, app hash ${appHash}`,
  })
}

async function replay(options: Upkeep, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await load()
  const done = await interruptible((signal) => chain.replayChain({ home: homeOf(options), signal }))
  printResult(context, done, {
    json: options.json ?? false,
    text: ({ height, txs, appHash }) => `${height} blocks with ${txs} transactions come to app hash ${appHash}`,
  })
}

async function verify(options: Upkeep, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await load()
  const done = await interruptible((signal) => chain.verifyChain({ home: homeOf(options), signal }))
  printResult(context, done, {
    json: options.json ?? false,
    text: ({ height, blocks, voted, records, states, appHash }) =>
      [
        `block ${height}, app hash ${appHash}`,
        ...(voted === 0 ? [] : [`${voted} headers of CometBFT, which has the votes for them: they were not looked at`]),
        `${blocks - voted} headers signed, ${records} records in the tree, ${states} states that can be proven, all money accounted for`,
      ].join('\n'),
  })
}

async function prune(options: PruneCommand, context: CommandContext): Promise<void> {
  const [chain, { printResult }] = await load()
  const done = chain.pruneChain({ home: homeOf(options), keep: options.keep })
  printResult(context, done, {
    json: options.json ?? false,
    text: ({ dropped, firstHeight, height, bytesBefore, bytesAfter }) =>
      `${dropped} blocks dropped, ${firstHeight} to ${height} stay: ${bytesBefore} → ${bytesAfter} bytes`,
  })
}

async function load(): Promise<[typeof import('@granary/chain/node'), typeof import('../print/result.ts')]> {
  return Promise.all([import('@granary/chain/node'), import('../print/result.ts')])
}

function genesisHash(text: string): `0x${string}` {
  if (/^0x[0-9a-f]{64}$/.test(text)) return text as `0x${string}`
  throw new InvalidArgumentError('expected 0x and 64 lower-case hex digits.')
}
