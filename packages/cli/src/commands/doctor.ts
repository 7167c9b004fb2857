/** granary doctor: what of this machine, its keys and its network would stand in the way, and what mends it. */
import type { Command } from 'commander'
import { moreHelp } from '../more-help.ts'
import {
  type ChainOptions,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  withChain,
  withHome,
  withJson,
  withPassphrase,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface DoctorOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {}

export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command('doctor')
    .description(
      'Check Node, kernel, disk, ports, keys, chain, clock, providers and balance; say what mends what is wrong.',
    )
  withJson(withPassphrase(withHome(withChain(command))))
    .addHelpText('after', moreHelp('The exit code is that of the first thing that is wrong; notes are not.'))
    .action((options: DoctorOptions) => doctor(options, context))
}

async function doctor(options: DoctorOptions, context: CommandContext): Promise<void> {
  const [{ examine }, { createProgress }, { interruptible }, { printFindings }] = await Promise.all([
    import('../doctor/examine.ts'),
    import('../print/progress.ts'),
    import('../interruptible.ts'),
    import('../doctor/print-findings.ts'),
  ])
  using progress = await createProgress(context, { form: options.json ? 'none' : 'text' })
  progress.show({ name: 'doctor', step: 'asking the chain and its providers' })
  const findings = await interruptible((signal) =>
    examine({
      ...{ home: homeOf(options), chain: options, passphraseFile: options.passphraseFile },
      env: context.env,
      signal,
    }),
  )
  progress.end('doctor')
  printFindings(context, findings, options.json ?? false)
}
