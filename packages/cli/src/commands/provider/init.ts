/** granary provider init: keys and configuration. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { CHAIN_URL_DEFAULT, homeOf, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SetUpOptions, withSetUp } from './with-set-up.ts'

export function addInit(provider: Command, context: CommandContext): void {
  const init = withSetUp(provider.command('init').description('Write keys and configuration into <home>/provider.'))
  withJson(init)
    .addHelpText('after', exitCodesHelp)
    .action((options: SetUpOptions) => initProvider(options, context))
}

async function initProvider(options: SetUpOptions, context: CommandContext): Promise<void> {
  const [{ setUpProvider }, { openChain }, { printResult }] = await Promise.all([
    import('../../set-up-provider.ts'),
    import('../../open-chain.ts'),
    import('../../print/result.ts'),
  ])
  const home = homeOf(options)
  const { chain, devnet } = await openChain(options.chain ?? CHAIN_URL_DEFAULT)
  const { profile, name, passphraseFile } = options
  const made = await setUpProvider({ home, chainUrl: chain.url, devnet, profile, name, passphraseFile })
  printResult(context, made, {
    json: options.json ?? false,
    actions: [{ cmd: `granary provider run --home ${home}`, why: 'registers it and starts it' }],
    text: ({ address, files }) => [`provider ${address}`, ...files].join('\n'),
  })
}
