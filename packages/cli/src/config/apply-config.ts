/** Gives a command what files and networks set for its options, unless a flag or the environment did. */
import type { Command } from 'commander'
import type { ProgramContext } from '../program-context.ts'
import { type ConfigKey, configKeyNames, configKeyOf, valuesOf } from './config-keys.ts'
import { resolveConfig } from './resolve-config.ts'

/** What a chain node or a provider follows is the configuration of its own home. */
const OWN_CONFIGURATION = new Set(['chain', 'provider'])

/** @throws ConfigInvalidError, NetworkUnknownError */
export async function applyConfig(command: Command, { env, cwd }: Pick<ProgramContext, 'env' | 'cwd'>): Promise<void> {
  const options = configKeyNames.flatMap((key) => {
    const option = command.options.find(({ long }) => long === `--${key}`)
    const rule: ConfigKey = configKeyOf(key)!
    if (option === undefined || !(rule.commands?.includes(command.name()) ?? true)) return []
    return [{ key, rule, option, name: option.attributeName() }]
  })
  if (options.length === 0) return
  const flags = new Map(
    options
      .filter(({ name }) => command.getOptionValueSource(name) === 'cli')
      .map(({ key, name }) => [key, String(command.getOptionValue(name))]),
  )
  const settings = await resolveConfig({ env, cwd, flags })
  const isClient = !namesAbove(command).some((name) => OWN_CONFIGURATION.has(name))
  for (const { key, rule, option, name } of options) {
    const setting = settings.get(key)
    if (setting === undefined || setting.from === 'flag' || setting.from === 'environment') continue
    if (!isClient && (key === 'chain' || setting.from === 'network')) continue
    const parse = option.parseArg ?? ((text: string) => text)
    const begun: unknown = rule.isList ? [] : undefined
    const value = valuesOf(rule, setting.value).reduce((before, text) => parse(text, before), begun)
    command.setOptionValueWithSource(name, value, 'config')
  }
}

/** `provider ask show` is a provider's as `provider money` is. */
function namesAbove(command: Command): string[] {
  return command.parent === null ? [] : [command.parent.name(), ...namesAbove(command.parent)]
}
