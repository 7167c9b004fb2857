/** granary provider doctor: what of its machine, disks, keys, money and address would stand in a provider's way, and what mends it. */
import { type Command, Option } from 'commander'
import { moreHelp } from '../../more-help.ts'
import {
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  withHome,
  withJson,
  withPassphrase,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

interface ProviderDoctorOptions extends HomeOptions, PassphraseOptions, JsonOptions {
  readonly chain?: string
  readonly redis?: string
}

export function addProviderDoctor(provider: Command, context: CommandContext): void {
  const command = provider
    .command('doctor')
    .description(
      'Check Node, kernel, open files, disks, ports, chain, clock, keys, money, ask and public address; say what mends what is wrong.',
    )
  withJson(withPassphrase(withHome(command)))
    .addOption(
      new Option('--chain <url>', 'address of a chain node (default: the configured one)').env('GRANARY_CHAIN'),
    )
    .addOption(
      new Option('--redis <url>', 'the Redis that it is run with (default: `sealing.redis` of config.json)').env(
        'GRANARY_REDIS',
      ),
    )
    .addHelpText('after', moreHelp('The exit code is that of the first thing that is wrong; notes are not.'))
    .action((options: ProviderDoctorOptions) => doctor(options, context))
}

async function doctor(options: ProviderDoctorOptions, context: CommandContext): Promise<void> {
  const [{ examineProvider }, { createProgress }, { interruptible }, { printFindings }] = await Promise.all([
    import('../../doctor/examine-provider.ts'),
    import('../../print/progress.ts'),
    import('../../interruptible.ts'),
    import('../../doctor/print-findings.ts'),
  ])
  const { chain: chainUrl, redis: redisUrl, passphraseFile, json = false } = options
  using progress = await createProgress(context, { form: json ? 'none' : 'text' })
  progress.show({ name: 'doctor', step: 'looking at the disks, the chain and its own address' })
  const findings = await interruptible((signal) =>
    examineProvider({ home: homeOf(options), chainUrl, redisUrl, passphraseFile, signal }),
  )
  progress.end('doctor')
  printFindings(context, findings, json)
}
