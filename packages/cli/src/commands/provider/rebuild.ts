/** granary provider rebuild: its store anew, when that is lost. */
import { type Command, Option } from 'commander'
import { moreHelp } from '../../more-help.ts'
import {
  CHAIN_URL_DEFAULT,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  withHome,
  withJson,
  withPassphrase,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

interface RebuildOptions extends HomeOptions, PassphraseOptions, JsonOptions {
  readonly chain?: string
  readonly volume?: string[]
}

export function addRebuild(provider: Command, context: CommandContext): void {
  const rebuild = provider
    .command('rebuild')
    .description('Make provider.sqlite anew from the sealed sectors and the chain, when it is lost.')
    .addOption(
      new Option('--chain <url>', 'address of a chain node (default: the configured one)').env('GRANARY_CHAIN'),
    )
    .option(
      '--volume <path...>',
      'a volume of a home of yours that is gone for good: this home takes it over with what lies on it',
    )
  withJson(withPassphrase(withHome(rebuild)))
    .addHelpText(
      'after',
      moreHelp('The provider must not be running. Pieces and sectors are not touched, the old store is set aside.'),
    )
    .action((options: RebuildOptions) => rebuildProvider(options, context))
}

async function rebuildProvider(options: RebuildOptions, context: CommandContext): Promise<void> {
  const [provider, { openChain }, { passphraseOf }, homes, { printResult }] = await Promise.all([
    import('@granary/provider'),
    import('../../open-chain.ts'),
    import('../../passphrase.ts'),
    import('../../provider-home.ts'),
    import('../../print/result.ts'),
  ])
  const home = homeOf(options)
  const { passphraseFile, json = false, volume: takeOver = [] } = options
  const { chain, devnet } = await openChain({
    chain: options.chain ?? (await homes.configuredChain(home)) ?? CHAIN_URL_DEFAULT,
  })
  const folder = homes.providerFolder(home)
  const passphrase = await passphraseOf({ passphraseFile, devnet, folder })
  const report = await provider.rebuildProvider({ home, passphrase, chainUrl: chain.url, takeOver })
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
