/** granary config list | get | set | path: settings in files, and what is in force. */
import { withoutPasswords } from '@granary/base'
import type { Command } from 'commander'
import type { Settings } from '../config/resolve-config.ts'
import { EXIT } from '../exit-code.ts'
import { moreHelp } from '../more-help.ts'
import { type JsonOptions, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface ListOptions extends JsonOptions {
  readonly showOrigin?: true
}

interface SetOptions extends JsonOptions {
  readonly project?: true
}

interface ListedSetting {
  readonly key: string
  readonly value: string | null
  /** null: nothing sets it. */
  readonly origin: string | null
  readonly description: string
}

const ORDER =
  'A flag comes before the environment, that before granary.yaml of the project (here, or above in the same repository), that before your own file, that before the default. A network stands for its chain; `granary devnet` makes one while it runs.'

export function addConfig(program: Command, context: CommandContext): void {
  const config = program.command('config').description('Show and change settings, and networks by their names.')
  finish(
    config
      .command('list')
      .description('List every setting and what it is.')
      .option('--show-origin', 'say which file, variable or network sets it'),
  ).action((options: ListOptions) => list(options, context))
  finish(
    config.command('get').description('Print what a setting is; exit code 1 when nothing sets it.').argument('<key>'),
  ).action((key: string, options: JsonOptions) => get(key, options, context))
  finish(
    config
      .command('set')
      .description('Write a setting into your own file; without a value, take it out.')
      .argument('<key>', 'such as chain, network, networks.NAME.chain')
      .argument('[value]')
      .option('--project', 'into granary.yaml of this folder'),
  ).action((key: string, value: string | undefined, options: SetOptions) => set(key, value, options, context))
  finish(config.command('path').description('Print the files that are read, the first before the second.')).action(
    (options: JsonOptions) => path(options, context),
  )
}

function finish(command: Command): Command {
  return withJson(command).addHelpText('after', moreHelp(ORDER))
}

async function list({ showOrigin, json }: ListOptions, context: CommandContext): Promise<void> {
  const [{ resolveConfig, configFiles }, { printResult }, { formatTable }] = await Promise.all([
    import('../config/resolve-config.ts'),
    import('../print/result.ts'),
    import('../print/table.ts'),
  ])
  const settings = await listed(await resolveConfig(context))
  const networks = await networksOf(await configFiles(context), context)
  const head = ['setting', 'is', ...(showOrigin ? ['set by'] : ['what it is for'])]
  const row = ({ key, value, origin, description }: ListedSetting) => [
    key,
    value ?? '',
    showOrigin ? (origin ?? (value === null ? 'nothing' : 'default')) : description,
  ]
  printResult(
    context,
    { settings, networks },
    {
      json: json ?? false,
      text: (data, columns) => formatTable(head, [...data.settings, ...data.networks].map(row), { columns }),
    },
  )
}

async function listed(settings: Settings): Promise<ListedSetting[]> {
  const [{ configKeyNames, configKeys }, { CHAIN_URL_DEFAULT, homeOf }] = await Promise.all([
    import('../config/config-keys.ts'),
    import('../options.ts'),
  ])
  const defaults: Readonly<Record<string, string>> = { chain: CHAIN_URL_DEFAULT, home: homeOf({}) }
  return configKeyNames.map((key) => {
    const { value = defaults[key] ?? null, origin = null } = settings.get(key) ?? {}
    return { key, value: value && withoutPasswords(value), origin, description: configKeys[key].description }
  })
}

type Files = Awaited<ReturnType<typeof import('../config/resolve-config.ts').configFiles>>

async function networksOf(files: Files, { env }: CommandContext): Promise<ListedSetting[]> {
  const [{ networkKeys }, { runningNetworks }] = await Promise.all([
    import('../config/config-keys.ts'),
    import('../config/running-networks.ts'),
  ])
  const written = files.flatMap(({ networks }) =>
    [...networks].flatMap(([name, settings]) =>
      [...settings].map(([key, { value, path, line }]) => ({
        key: `networks.${name}.${key}`,
        value: withoutPasswords(value),
        origin: `${path}, line ${line}`,
        description: networkKeys[key as keyof typeof networkKeys].description,
      })),
    ),
  )
  const running = (await runningNetworks(env)).flatMap(({ name, chain, home, pid }) =>
    Object.entries({ chain, home }).map(([key, value]) => ({
      key: `networks.${name}.${key}`,
      value,
      origin: `process ${pid}, which runs it`,
      description: networkKeys[key as keyof typeof networkKeys].description,
    })),
  )
  const seen = new Set(written.map(({ key }) => key))
  return [...written, ...running.filter(({ key }) => !seen.has(key))]
}

async function get(key: string, { json }: JsonOptions, context: CommandContext): Promise<void> {
  const [{ resolveConfig, configFiles }, { settingNamed }, { printResult }] = await Promise.all([
    import('../config/resolve-config.ts'),
    import('../config/set-config.ts'),
    import('../print/result.ts'),
  ])
  settingNamed(key)
  const all = [
    ...(await listed(await resolveConfig(context))),
    ...(await networksOf(await configFiles(context), context)),
  ]
  const { value = null, origin = null } = all.find((each) => each.key === key) ?? {}
  if (value === null) context.setExitCode(EXIT.failed)
  if (value === null && json === undefined) return
  printResult(context, { key, value, origin }, { json: json ?? false, text: (data) => `${data.value}` })
}

async function set(
  key: string,
  value: string | undefined,
  { project, json }: SetOptions,
  context: CommandContext,
): Promise<void> {
  const [{ setConfig }, { PROJECT_FILE, userConfigPath }, { printResult }, { join }] = await Promise.all([
    import('../config/set-config.ts'),
    import('../config/config-paths.ts'),
    import('../print/result.ts'),
    import('node:path'),
  ])
  const path = project ? join(context.cwd(), PROJECT_FILE) : userConfigPath(context)
  await setConfig({ key, value, path, isUsers: !project })
  printResult(
    context,
    { key, value: value === undefined ? null : withoutPasswords(value), path },
    {
      json: json ?? false,
      text: (data) => `${key} ${data.value === null ? 'is not set any more' : `is ${data.value}`} in ${path}`,
    },
  )
}

async function path({ json }: JsonOptions, context: CommandContext): Promise<void> {
  const [{ projectConfigPath, userConfigPath }, { printResult }] = await Promise.all([
    import('../config/config-paths.ts'),
    import('../print/result.ts'),
  ])
  const files = { project: projectConfigPath(context) ?? null, user: userConfigPath(context) }
  printResult(context, files, {
    json: json ?? false,
    text: ({ project, user }) => [project, user].filter((file) => file !== null).join('\n'),
  })
}
