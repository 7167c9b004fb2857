/** granary provider init: asks what a new provider is to be, measures what its machine can do, and writes keys and configuration. */
import { type Command, Option } from 'commander'
import { moreHelp } from '../../more-help.ts'
import { grn, homeOf, storageBytes, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import type { GivenAnswers } from '../../provider-init/init-answers.ts'
import * as parse from '../../provider-init/parse-answers.ts'
import { type SetUpOptions, withSetUp } from './with-set-up.ts'

type InitOptions = SetUpOptions & GivenAnswers

export function addInit(provider: Command, context: CommandContext): void {
  const init = withSetUp(
    provider
      .command('init')
      .description(
        'Set up a new provider in <home>/provider: on a terminal it asks; the options are the same answers for scripts.',
      ),
  )
    .addOption(
      new Option('--disks <folders>', 'empty folders on other disks that it uses too').argParser(parse.folders),
    )
    .addOption(
      new Option('--capacity <size>', 'what is rented out: GiB, or 2TB (default: all but the reserve)').argParser(
        storageBytes,
      ),
    )
    .addOption(new Option('--region <name>', 'where it is, for clients that care').argParser(parse.region))
    .addOption(new Option('--price <GRN>', 'of a GiB of piece an epoch (default: what the others ask)').argParser(grn))
    .addOption(
      new Option('--public-url <url>', 'what clients are told (default: where it listens)').argParser(parse.publicUrl),
    )
    .addOption(
      new Option('--owner <address>', 'account that owns it, whose key stays elsewhere (default: a new key)').argParser(
        parse.account,
      ),
    )
    .option('-y, --yes', 'ask nothing: what is not said is as it is by default')
  withJson(init)
    .addHelpText('after', moreHelp('Nothing that is there is overwritten.'))
    .action((options: InitOptions) => initProvider(options, context))
}

async function initProvider(options: InitOptions, context: CommandContext): Promise<void> {
  const [{ requireNoHome }, { setUpProvider }, parts, { interruptible }, { printResult }, facts] = await Promise.all([
    import('@granary/provider'),
    import('../../set-up-provider.ts'),
    Promise.all([import('../../provider-init/look-around.ts'), import('../../provider-init/init-answers.ts')]),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/facts.ts'),
  ])
  const [{ lookAround }, { initAnswers }] = parts
  const { initFacts, initWords, nextSteps } = await import('../../provider-init/init-facts.ts')
  const home = homeOf(options)
  const { passphraseFile } = options
  const { made, seen, ownerAway } = await interruptible(async (signal) => {
    await requireNoHome(home)
    const seen = await lookAround({ home, options, context, signal })
    const { chainUrl, devnet, profile, status } = seen
    const answers = await initAnswers({ options, seen, context, signal })
    const askChain = status !== undefined
    const wanted = { home, chainUrl, devnet, askChain, profile: profile.name, passphraseFile }
    const files = await setUpProvider({ ...wanted, ...answers })
    return { made: initFacts(files, seen, answers), seen, ownerAway: answers.owner !== undefined }
  })
  const actions = nextSteps(made, { home, devnet: seen.devnet, passphraseFile, ownerAway })
  printResult(context, made, {
    json: options.json ?? false,
    actions,
    text: (data, columns) =>
      [
        facts.formatFacts(initWords(data, seen.profile.sectorBytes), { columns }),
        '',
        'Next:',
        ...actions.map(({ cmd, why }) => `  ${cmd}\n      ${why}`),
      ].join('\n'),
  })
}
