/** granary provider volumes [list] | add | drain | detach: the disks of a provider, and what each takes. */
import type { VolumeRole, VolumeUsage } from '@granary/provider/operator'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import {
  type HomeOptions,
  homeOf,
  type JsonOptions,
  storageBytes,
  wholeNumber,
  withHome,
  withJson,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import type { ConfigChanges } from './change-running.ts'
import { printChanged } from './print-changed.ts'

interface Options extends HomeOptions, JsonOptions {}

interface AddOptions extends Options {
  readonly roles?: readonly VolumeRole[]
  readonly capacity?: number
  readonly weight?: number
}

export function addVolumes(provider: Command, context: CommandContext): void {
  const volumes = provider.command('volumes').description('The disks, what each takes, and what lies on it.')
  withJson(withHome(volumes.command('list', { isDefault: true })))
    .description('List the volumes with what lies on each, as `du` counts it, and what is free.')
    .addHelpText('after', exitCodesHelp)
    .action((options: Options) => list(options, context))
  withJson(withHome(volumes.command('add')))
    .description(
      'Make a volume of an empty folder on another disk, or say what one is for; `home` names the own disk of the home.',
    )
    .argument('<path>', 'the folder, or `home`')
    .addOption(
      new Option(
        '--roles <list>',
        'of sealing (sectors until they are proven), replicas (those that are), unsealed (pieces)',
      )
        .default(undefined, 'all of them')
        .argParser(rolesOf),
    )
    .addOption(new Option('--capacity <size>', 'what is stored on it at most: GiB, or 2TB').argParser(storageBytes))
    .addOption(new Option('--weight <number>', 'how much it takes against the others').argParser(wholeNumber(1, 1_000)))
    .addHelpText('after', exitCodesHelp)
    .action((path: string, options: AddOptions) => add(path, options, context))
  withJson(withHome(volumes.command('drain')))
    .description('Let a volume take nothing more; what lies on it is moved to others while the provider runs.')
    .argument('<path>', 'the folder, or `home`')
    .addHelpText('after', exitCodesHelp)
    .action(async (path: string, options: Options) => {
      const { drainVolume } = await import('@granary/provider/operator')
      const home = homeOf(options)
      const changes = (): ReturnType<typeof drainVolume> => drainVolume(home, path)
      await printChanged(context, { home, changes, json: options.json ?? false })
    })
  withJson(withHome(volumes.command('detach')))
    .description('Forget a volume that nothing lies on any more.')
    .argument('<path>', 'the folder')
    .option(
      '--lost',
      'it cannot be reached and will not come back, or takes no writes: what was on it is made again, where that can be done',
    )
    .addHelpText('after', exitCodesHelp)
    .action(async (path: string, options: Options & { readonly lost?: boolean }) => {
      const { detachVolume } = await import('@granary/provider/operator')
      const home = homeOf(options)
      let release = (): Promise<void> => Promise.resolve()
      const changes = async (): Promise<ConfigChanges> => {
        const detached = await detachVolume(home, path, options.lost ?? false)
        release = detached.release
        return detached.changes
      }
      await printChanged(context, { home, changes, json: options.json ?? false })
      await release()
    })
}

async function add(path: string, options: AddOptions, context: CommandContext): Promise<void> {
  const { addVolume } = await import('@granary/provider/operator')
  const { roles, capacity: capacityBytes, weight, json = false } = options
  const home = homeOf(options)
  const changes = (): ReturnType<typeof addVolume> => addVolume(home, path, { roles, capacityBytes, weight })
  await printChanged(context, { home, changes, json })
}

async function list(options: Options, context: CommandContext): Promise<void> {
  const [{ readVolumes }, { formatBytes }, { printResult }, { formatTable }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/quantities.ts'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
  ])
  const row = ({ path, roles, isThere, bytes, freeBytes }: VolumeUsage) => [
    path,
    isThere ? roles.join(', ') || 'drained' : 'cannot be reached',
    formatBytes(bytes.sector),
    formatBytes(bytes.piece),
    formatBytes(bytes.upload),
    formatBytes(freeBytes),
  ]
  printResult(
    context,
    { volumes: await readVolumes(homeOf(options)) },
    {
      json: options.json ?? false,
      text: ({ volumes }, columns) =>
        formatTable(['volume', 'takes', 'sectors', 'pieces', 'uploads', 'free'], volumes.map(row), { columns }),
    },
  )
}

function rolesOf(text: string): VolumeRole[] {
  const known: readonly VolumeRole[] = ['sealing', 'replicas', 'unsealed']
  return text.split(',').map((name) => {
    const role = known.find((each) => each === name)
    if (role === undefined) throw new InvalidArgumentError(`expected some of ${known.join(',')}.`)
    return role
  })
}
