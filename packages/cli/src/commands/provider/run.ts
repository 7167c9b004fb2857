/** granary provider run: serves, seals and proves until it is stopped. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GranaryError, passingFactsOf } from '@granary/base'
import { type Command, Option } from 'commander'
import { moreHelp } from '../../more-help.ts'
import {
  CHAIN_URL_DEFAULT,
  cacheOf,
  durationMs,
  homeOf,
  port,
  withChainFromParent,
  withJson,
  withParent,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { defaultPorts } from '../../provider-home.ts'
import { type SetUpOptions, withSetUp } from './with-set-up.ts'

interface RunOptions extends SetUpOptions {
  readonly port?: number
  readonly libp2pPort?: number
  readonly libp2p: boolean
  readonly redis?: string
  readonly host?: string
  readonly publicUrl?: string
  readonly sealAfter?: number
  readonly chainFromParent?: true
  readonly stopWithParent?: true
}

export function addRun(provider: Command, context: CommandContext): void {
  const run = withSetUp(provider.command('run').description('Run the provider of <home>/provider until Ctrl-C.'))
    .option(
      '--port <port>',
      `of HTTP; 0 for that of the last run, or any free one (default: \`port\` of config.json, else ${defaultPorts.port})`,
      port,
    )
    .option(
      '--libp2p-port <port>',
      `of bitswap; 0 for that of the last run, or any free one (default: \`libp2pPort\` of config.json, else ${defaultPorts.libp2pPort})`,
      port,
    )
    .option('--no-libp2p', 'serve over HTTP alone')
    .addOption(
      new Option('--redis <url>', 'keeps the queue (default: `sealing.redis` of config.json, or this process)').env(
        'GRANARY_REDIS',
      ),
    )
    .option('--host <host>', 'address to listen on (default: `host` of config.json)')
    .option('--public-url <url>', 'what clients are told (default: where it listens)')
    .option(
      '--seal-after <time>',
      'how long a piece waits for others to share its sector (default: `sealing.afterMs` of config.json)',
      durationMs,
    )
  withChainFromParent(withParent(withJson(run, 'one line of JSON when ready, and the log as JSON on standard error')))
    .addHelpText(
      'after',
      moreHelp('A home that is not set up yet is set up on the way, when the chain is a devnet of this machine.'),
    )
    .action((options: RunOptions) => runProvider(options, context))
}

async function runProvider(options: RunOptions, context: CommandContext): Promise<void> {
  const [provider, { runDaemon }, { openChain }, { passphraseOf }, { setUpProvider }, homes, { lineOfParent }] =
    await Promise.all([
      import('@granary/provider'),
      import('../../run-daemon.ts'),
      import('../../open-chain.ts'),
      import('../../passphrase.ts'),
      import('../../set-up-provider.ts'),
      import('../../provider-home.ts'),
      import('../../line-of-parent.ts'),
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
      // Before anything is waited for: standard input flows, and a line that nobody listens for is lost.
      const said = options.chainFromParent ? lineOfParent(context.stdin, signal) : undefined
      // The devnet may be stopped meanwhile.
      said?.catch(() => undefined)
      const configured = await homes.configuredChain(home)
      if (said !== undefined && libp2p) await provider.loadBitswap()
      const url = (await said) ?? options.chain ?? configured ?? CHAIN_URL_DEFAULT
      const folder = homes.providerFolder(home)
      const opened = await openChain({ chain: url }, signal).catch((error: unknown) => {
        // One that is set up knows whether it has met its chain, and waits for it then.
        const isReady = passphraseFile !== undefined || existsSync(join(folder, 'passphrase'))
        if (configured === undefined || !isReady || signal.aborted || !isAway(error)) throw error
        return undefined
      })
      const devnet = opened?.devnet ?? passphraseFile === undefined
      if (configured === undefined && devnet) {
        const config = name === undefined ? {} : { name }
        await setUpProvider({ home, chainUrl: opened?.chain.url ?? url, devnet, profile, passphraseFile, config })
      }
      signal.throwIfAborted()
      const daemon = await provider.runProvider({
        home,
        cacheHome: cacheOf(home, context),
        port: port ?? (await homes.configuredPort(home, 'port')),
        libp2pPort: libp2p ? (libp2pPort ?? (await homes.configuredPort(home, 'libp2pPort'))) : undefined,
        passphrase: await passphraseOf({ passphraseFile, devnet, folder }),
        chainUrl: opened?.chain.url ?? url,
        ...{ log, signal },
        ...(host === undefined ? {} : { host }),
        ...(publicUrl === undefined ? {} : { publicUrl }),
        ...(sealAfter === undefined ? {} : { sealAfterMs: sealAfter }),
        ...(redis === undefined ? {} : { redisUrl: redis }),
      })
      return { daemon, facts: { provider: daemon.providerId, address: daemon.address } }
    },
  })
}

/** Nothing that it has said: that it says nothing, or is not up to what was seen of it. */
function isAway(error: unknown): boolean {
  return GranaryError.is(error) && passingFactsOf(error.code)?.lost === true
}
