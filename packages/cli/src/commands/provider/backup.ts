/** granary provider backup | restore: its keys, its configuration and its store, which are nowhere else. */
import type { BackupReport } from '@granary/provider'
import type { Command } from 'commander'
import { moreHelp } from '../../more-help.ts'
import { type HomeOptions, homeOf, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

type Options = HomeOptions & JsonOptions

export function addBackup(provider: Command, context: CommandContext): void {
  withJson(withHome(provider.command('backup')))
    .description('Copy keys, configuration and store into a folder. Pieces and sealed sectors are not in it.')
    .argument('<folder>', 'where the backup is to be; it must not be there yet')
    .addHelpText('after', moreHelp('The provider must not be running.'))
    .action(async (folder: string, options: Options) => {
      const { backupProvider } = await import('@granary/provider')
      await print(await backupProvider(homeOf(options), folder), 'backed up to', options, context)
    })
  withJson(withHome(provider.command('restore')))
    .description('Put a backup into a home that has lost its keys, its configuration or its store.')
    .argument('<folder>', 'that `provider backup` has made')
    .addHelpText(
      'after',
      moreHelp(
        'The provider must not be running, here or anywhere else with these keys. Nothing that is there is overwritten. A store that is older than what was signed since is made anew by `granary provider rebuild`.',
      ),
    )
    .action(async (folder: string, options: Options) => {
      const { restoreProvider } = await import('@granary/provider')
      const home = homeOf(options)
      const report = await restoreProvider(home, folder)
      const actions = report.volumesAway.map((path) => ({
        cmd: `granary provider volumes add PATH --home ${home}`,
        why: `says where the disk of ${path} is now; before \`provider run\`, which declares its sectors faulty otherwise`,
      }))
      await print(report, 'restored from', options, context, actions)
    })
}

async function print(
  report: BackupReport,
  what: string,
  options: Options,
  context: CommandContext,
  actions: readonly { cmd: string; why: string }[] = [],
): Promise<void> {
  const { printResult } = await import('../../print/result.ts')
  printResult(context, report, {
    json: options.json ?? false,
    actions: [...actions],
    text: ({ folder, files, madeAt }) => `${what} ${folder}, of ${madeAt}: ${files.join(', ')}`,
  })
}
