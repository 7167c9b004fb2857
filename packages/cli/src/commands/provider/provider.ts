/** granary provider init | run | rebuild: rents out a disk. */
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import {
  CHAIN_URL_DEFAULT,
  cacheOf,
  durationMs,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  port,
  withHome,
  withJson,
  withParent,
  withPassphrase,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

interface SetUpOptions extends HomeOptions, PassphraseOptions, JsonOptions {
  readonly chain?: string
  readonly profile?: string
  readonly name?: string
}

interface RunOptions extends SetUpOptions {
  readonly port: number
  readonly libp2pPort: number
  readonly libp2p: boolean
  readonly redis?: string
  readonly host: string
  readonly publicUrl?: string
  readonly sealAfter?: number
  readonly stopWithParent?: true
}

export function addProvider(program: Command, context: CommandContext): void {
  const provider = program.command('provider').description('Set up a provider, run it, make its store anew.')
  const init = withSetUp(provider.command('init').description('Write keys and configuration into <home>/provider.'))
  withJson(init)
    .addHelpText('after', exitCodesHelp)
    .action((options: SetUpOptions) => initProvider(options, context))

  const run = withSetUp(provider.command('run').description('Run the provider of <home>/provider until Ctrl-C.'))
    .addOption(
      new Option('--port <port>', 'of HTTP; 0 for that of the last run, or any free one').argParser(port).default(7470),
    )
    .addOption(new Option('--libp2p-port <port>', 'of bitswap; 0 for any free one').argParser(port).default(7471))
    .option('--no-libp2p', 'serve over HTTP alone')
    .addOption(new Option('--redis <url>', 'keeps the queue, in place of this process').env('GRANARY_REDIS'))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--public-url <url>', 'what clients are told (default: where it listens)')
    .option('--seal-after <time>', 'how long a piece waits for others to share its sector (default: 2s)', durationMs)
  withParent(withJson(run, 'one line of JSON when ready, and the log as JSON on standard error'))
    .addHelpText(
      'after',
      `\nA home that is not set up yet is set up on the way, when the chain is a devnet.\n${exitCodesHelp}`,
    )
    .action((options: RunOptions) => runProvider(options, context))
  addRebuild(provider, context)
}

function addRebuild(provider: Command, context: CommandContext): void {
  const rebuild = provider
    .command('rebuild')
    .description('Make provider.sqlite anew from the sealed sectors and the chain, when it is lost.')
    .addOption(
      new Option('--chain <url>', 'address of a chain node (default: the configured one)').env('GRANARY_CHAIN'),
    )
  withJson(withPassphrase(withHome(rebuild)))
    .addHelpText(
      'after',
      `\nThe provider must not be running. Pieces and sectors are not touched, the old store is set aside.\n${exitCodesHelp}`,
    )
    .action((options: HomeOptions & PassphraseOptions & JsonOptions & { chain?: string }) =>
      rebuildProvider(options, context),
    )
}

function withSetUp(command: Command): Command {
  return withPassphrase(withHome(command))
    .addOption(
      new Option(
        '--chain <url>',
        `address of a chain node (default: the configured one, else ${CHAIN_URL_DEFAULT})`,
      ).env('GRANARY_CHAIN'),
    )
    .option('--profile <name>', 'size of its sectors (default: 8MiB-dev)')
    .option('--name <name>', 'what clients see')
}

async function initProvider(options: SetUpOptions, context: CommandContext): Promise<void> {
  const [{ setUpProvider }, { openChain }, { printResult }] = await Promise.all([
    import('../../set-up-provider.ts'),
    import('../../open-chain.ts'),
    import('../../print/result.ts'),
  ])
  const home = homeOf(options)
  const { chain, status } = await openChain(options.chain ?? CHAIN_URL_DEFAULT)
  const { profile, name, passphraseFile } = options
  const made = await setUpProvider({ home, chainUrl: chain.url, devnet: status.devnet, profile, name, passphraseFile })
  printResult(context, made, {
    json: options.json ?? false,
    actions: [{ cmd: `granary provider run --home ${home}`, why: 'registers it and starts it' }],
    text: ({ address, files }) => [`provider ${address}`, ...files].join('\n'),
  })
}

async function runProvider(options: RunOptions, context: CommandContext): Promise<void> {
  const [provider, { runDaemon }, { openChain }, { passphraseOf }, { setUpProvider }, homes] = await Promise.all([
    import('@granary/provider'),
    import('../../run-daemon.ts'),
    import('../../open-chain.ts'),
    import('../../passphrase.ts'),
    import('../../set-up-provider.ts'),
    import('../../provider-home.ts'),
  ])
  const {
    profile,
    name,
    passphraseFile,
    port,
    libp2pPort,
    libp2p,
    redis,
    host,
    publicUrl,
    sealAfter,
    json = false,
  } = options
  const home = homeOf(options)
  await runDaemon(context, {
    role: 'provider',
    json,
    withParent: options.stopWithParent ?? false,
    async start(log, signal) {
      const configured = await homes.configuredChain(home)
      const { chain, status } = await openChain(options.chain ?? configured ?? CHAIN_URL_DEFAULT, signal)
      const { devnet } = status
      if (configured === undefined && devnet) {
        await setUpProvider({ home, chainUrl: chain.url, devnet, profile, name, passphraseFile })
      }
      signal.throwIfAborted()
      const daemon = await provider.runProvider({
        home,
        cacheHome: cacheOf(home, context),
        host,
        port,
        libp2pPort: libp2p ? libp2pPort : undefined,
        passphrase: await passphraseOf({ passphraseFile, devnet, folder: homes.providerFolder(home) }),
        chainUrl: chain.url,
        log,
        ...(publicUrl === undefined ? {} : { publicUrl }),
        ...(sealAfter === undefined ? {} : { sealAfterMs: sealAfter }),
        ...(redis === undefined ? {} : { redisUrl: redis }),
      })
      return { daemon, facts: { provider: daemon.providerId, address: daemon.address } }
    },
  })
}

async function rebuildProvider(
  options: HomeOptions & PassphraseOptions & JsonOptions & { chain?: string },
  context: CommandContext,
): Promise<void> {
  const [provider, { openChain }, { passphraseOf }, homes, { printResult }] = await Promise.all([
    import('@granary/provider'),
    import('../../open-chain.ts'),
    import('../../passphrase.ts'),
    import('../../provider-home.ts'),
    import('../../print/result.ts'),
  ])
  const home = homeOf(options)
  const { passphraseFile, json = false } = options
  const { chain, status } = await openChain(options.chain ?? (await homes.configuredChain(home)) ?? CHAIN_URL_DEFAULT)
  const folder = homes.providerFolder(home)
  const passphrase = await passphraseOf({ passphraseFile, devnet: status.devnet, folder })
  const report = await provider.rebuildProvider({ home, passphrase, chainUrl: chain.url })
  printResult(context, report, {
    json,
    actions: [{ cmd: `granary provider run --home ${home}`, why: 'proves the sectors and repairs what is missing' }],
    text: ({ store, oldStore, deals, sectors, pieces, unknown }) =>
      [
        `${store} is made anew${oldStore === undefined ? '' : `; the one before is ${oldStore}`}`,
        `deals: ${deals.live} live, ${deals.ended} ended`,
        `sectors: ${
          Object.entries(sectors)
            .map(([state, count]) => `${count} ${state}`)
            .join(', ') || 'none'
        }`,
        `pieces: ${pieces.found} found, ${pieces.missing.length} missing`,
        ...pieces.missing.map((pieceCid) => `  missing: ${pieceCid}`),
        'what cannot be known:',
        ...unknown.map((what) => `  ${what}`),
      ].join('\n'),
  })
}
