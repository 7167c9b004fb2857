/** granary provider config: every key of config.json with its value, where that comes from and what it means; and to change some. */
import { type Command, InvalidArgumentError } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, homeOf, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { printChanged } from './print-changed.ts'

interface ConfigOptions extends HomeOptions, JsonOptions {}

export function addConfig(provider: Command, context: CommandContext): void {
  const config = provider.command('config').description('The configuration: what it is, and to change it.')
  withJson(withHome(config.command('show', { isDefault: true })))
    .description('Show every key with its value, where that comes from, and what it means.')
    .addHelpText('after', exitCodesHelp)
    .action((options: ConfigOptions) => show(options, context))
  withJson(withHome(config.command('set')))
    .description('Change keys in config.json; a running provider takes them at once, but for those that need a start.')
    .argument(
      '<key=value...>',
      'such as ask.pricePerGiBEpoch=2000000000000; without a value the default again',
      changes,
    )
    .addHelpText('after', exitCodesHelp)
    .action((given: Given, options: ConfigOptions) => set(given, options, context))
}

async function show(options: ConfigOptions, context: CommandContext): Promise<void> {
  const [{ describeConfig, withoutPassword }, { providerFolder }, { printResult }, { formatTable }, { columnsOf }] =
    await Promise.all([
      import('@granary/provider/operator'),
      import('../../provider-home.ts'),
      import('../../print/result.ts'),
      import('../../print/table.ts'),
      import('../../print/columns-of.ts'),
    ])
  const file = `${providerFolder(homeOf(options))}/config.json`
  const { GRANARY_REDIS: redis } = context.env
  // A provider that is run with this environment takes it from there.
  const fromEnvironment = redis === undefined ? {} : { value: withoutPassword(redis), origin: 'GRANARY_REDIS' as const }
  const keys = (await describeConfig(file)).map((each) =>
    each.key === 'sealing.redis' ? { ...each, ...fromEnvironment } : each,
  )
  printResult(
    context,
    { file, keys },
    {
      json: options.json ?? false,
      text: () =>
        `${file}\n${formatTable(
          ['key', 'value', 'from', 'takes effect', 'meaning'],
          keys.map(({ key, value, origin, takesEffect, description }) => [
            key,
            value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value),
            origin,
            `at ${takesEffect}`,
            description,
          ]),
          { columns: columnsOf(context.stdout, context.env) },
        )}`,
    },
  )
}

async function set(given: Given, options: ConfigOptions, context: CommandContext): Promise<void> {
  const { configValue } = await import('@granary/provider/operator')
  const values = Object.entries(given).map(([key, text]) => [key, text === '' ? undefined : configValue(key, text)])
  const { json = false } = options
  await printChanged(context, { home: homeOf(options), changes: Object.fromEntries(values), json })
}

type Given = Readonly<Record<string, string>>

function changes(text: string, before: Given = {}): Given {
  const [, key, value = ''] = /^([\w.]+)=(.*)$/.exec(text) ?? []
  if (key === undefined) throw new InvalidArgumentError('expected KEY=VALUE, such as name=attic.')
  return { ...before, [key]: value }
}
