/**
 * What is set, and by what: flag before environment before the project's file before the user's before the default. A
 * network stands for its chain, its genesis and its home; where one place names both a chain and a network, its chain counts. Without any
 * word a devnet that runs is meant.
 */
import { existsSync } from 'node:fs'
import type { ProgramContext } from '../program-context.ts'
import { NetworkUnknownError } from './config-errors.ts'
import { type ConfigKeyName, configKeyNames, configKeys, suggestion } from './config-keys.ts'
import { projectConfigPath, userConfigPath } from './config-paths.ts'
import type { ConfigFile } from './read-config-file.ts'
import { DEVNET, placeOfNetworks, type RunningNetwork, runningNetworks } from './running-networks.ts'

export interface Setting {
  readonly value: string
  /** `--chain`, `GRANARY_CHAIN`, `/home/…/config.yaml, line 3`, `network devnet, …`. */
  readonly origin: string
  readonly from: 'flag' | 'environment' | 'file' | 'network'
}

export type Settings = ReadonlyMap<ConfigKeyName, Setting>

export interface ResolveConfigInput extends Pick<ProgramContext, 'env' | 'cwd'> {
  /** What was given as a flag, as it was written. */
  readonly flags?: ReadonlyMap<string, string>
}

type Place = ReadonlyMap<string, Setting>

/** What is believed of a chain: of another chain it says nothing. */
const OF_CHAIN = ['genesis', 'trusted-header', 'witness'] as const

/** Settings that nothing sets are not in it. @throws ConfigInvalidError, NetworkUnknownError */
export async function resolveConfig({ env, cwd, flags = new Map() }: ResolveConfigInput): Promise<Settings> {
  const files = await configFiles({ env, cwd })
  const places = [flagPlace(flags), environmentPlace(env), ...files.map(filePlace)]
  const settings = new Map<ConfigKeyName, Setting>()
  for (const key of configKeyNames) {
    const found = places.find((place) => place.has(key))?.get(key)
    if (found) settings.set(key, found)
  }
  const chosen = places.find((place) => place.has('chain') || place.has('network'))
  const asked = places.slice(0, 2)
  if (chosen?.has('chain')) {
    settings.set('chain', chosen.get('chain')!)
    settings.delete('network')
    // That of a file which names another chain is another chain's.
    for (const key of OF_CHAIN) if (!asked.some((place) => place.has(key)) && !chosen.has(key)) settings.delete(key)
    return settings
  }
  const running = await runningNetworks(env)
  const network = chosen?.get('network')
  const found = network
    ? networkNamed(network, files, running, env)
    : running.filter(({ name }) => name === DEVNET).map(ofRunning)[0]
  if (found === undefined) return settings
  settings.delete('chain')
  if (found.chain) settings.set('chain', found.chain)
  if (found.home && !asked.some((place) => place.has('home'))) settings.set('home', found.home)
  for (const key of OF_CHAIN) {
    if (asked.some((place) => place.has(key))) continue
    settings.delete(key)
    const setting = found[key]
    if (setting) settings.set(key, setting)
  }
  return settings
}

/** The project's before the user's. */
export async function configFiles(context: Pick<ProgramContext, 'env' | 'cwd'>): Promise<ConfigFile[]> {
  const user = userConfigPath(context)
  const project = projectConfigPath(context)
  const paths = [
    ...(project === undefined || project === user ? [] : [{ path: project, isUsers: false }]),
    ...(existsSync(user) ? [{ path: user, isUsers: true }] : []),
  ]
  if (paths.length === 0) return []
  const { readConfigFile } = await import('./read-config-file.ts')
  const files = await Promise.all(paths.map(readConfigFile))
  return files.filter((file) => file !== undefined)
}

function flagPlace(flags: ReadonlyMap<string, string>): Place {
  return new Map([...flags].map(([key, value]) => [key, { value, origin: `--${key}`, from: 'flag' }]))
}

function environmentPlace(env: ProgramContext['env']): Place {
  return new Map(
    configKeyNames.flatMap((key) => {
      const variable = (configKeys[key] as { env?: string }).env
      const value = variable === undefined ? undefined : env[variable]
      return value === undefined ? [] : [[key, { value, origin: variable!, from: 'environment' } as const]]
    }),
  )
}

function filePlace({ settings }: ConfigFile): Place {
  return new Map(
    [...settings].map(([key, { value, path, line }]) => [
      key,
      { value, origin: `${path}, line ${line}`, from: 'file' },
    ]),
  )
}

type Network = { readonly [Key in 'chain' | 'home' | (typeof OF_CHAIN)[number]]?: Setting | undefined }

function networkNamed(
  { value: name }: Setting,
  files: readonly ConfigFile[],
  running: readonly RunningNetwork[],
  env: ProgramContext['env'],
): Network {
  const written = files.map(({ networks }) => networks.get(name)).find((network) => network !== undefined)
  if (written !== undefined) {
    const settingOf = (key: string): Setting | undefined => {
      const setting = written.get(key)
      return (
        setting && {
          value: setting.value,
          origin: `network ${name}, ${setting.path}, line ${setting.line}`,
          from: 'network',
        }
      )
    }
    return Object.fromEntries([...written.keys()].map((key) => [key, settingOf(key)]))
  }
  const own = running.find((network) => network.name === name)
  if (own !== undefined) return ofRunning(own)
  const known = [
    ...new Set([...files.flatMap(({ networks }) => [...networks.keys()]), ...running.map((each) => each.name)]),
  ]
  throw new NetworkUnknownError(name, known, suggestion(name, known), placeOfNetworks(env))
}

function ofRunning({ name, chain, home, genesis, pid }: RunningNetwork): Network {
  const origin = `network ${name}, which process ${pid} runs`
  const settingOf = (value: string): Setting => ({ value, origin, from: 'network' })
  return { chain: settingOf(chain), home: settingOf(home), ...(genesis && { genesis: settingOf(genesis) }) }
}
