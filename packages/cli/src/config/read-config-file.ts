/** One YAML file with settings. What is wrong in it is told with its line, and nothing of it is used. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { ConfigInvalidError } from './config-errors.ts'
import {
  type ConfigKey,
  configKeyNames,
  configKeyOf,
  networkKeys,
  networkName,
  suggestion,
  valuesOf,
} from './config-keys.ts'

export interface FileSetting {
  /** As it is written; a path is absolute. */
  readonly value: string
  readonly path: string
  readonly line: number
}

export interface ConfigFile {
  readonly path: string
  readonly settings: ReadonlyMap<string, FileSetting>
  readonly networks: ReadonlyMap<string, ReadonlyMap<string, FileSetting>>
}

export interface ReadConfigFileInput {
  readonly path: string
  /** The user's own, or a project's. */
  readonly isUsers: boolean
}

const FILE_BYTES_MAX = 1 << 20

/** undefined: there is no such file. @throws ConfigInvalidError */
export async function readConfigFile(input: ReadConfigFileInput): Promise<ConfigFile | undefined> {
  const { path } = input
  const text = await readText(path)
  return text === undefined ? undefined : parseConfig(text, input)
}

/** @throws ConfigInvalidError */
export function parseConfig(text: string, { path, isUsers }: ReadConfigFileInput): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken) throw new ConfigInvalidError(path, lines.linePos(broken.pos[0]).line, broken.message, broken)

  const lineOf = (node: unknown) => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line
  const wrong = (node: unknown, what: string) => new ConfigInvalidError(path, lineOf(node), what)
  const entries = (node: unknown, what: string): { name: string; pair: Pair }[] => {
    if (node === null || (isScalar(node) && node.value === null)) return []
    if (!isMap(node)) throw wrong(node, `${what} has to be a list of \`name: value\` lines`)
    return node.items.map((pair) => ({ name: String(isScalar(pair.key) ? pair.key.value : pair.key), pair }))
  }
  const settingOf = (name: string, { key, value }: Pair, rule: ConfigKey): FileSetting => {
    if (rule.userOnly && !isUsers) {
      throw wrong(key, `"${name}" may only stand in your own file, not in one that comes with a project`)
    }
    const items = rule.isList && isSeq(value) ? value.items : [value]
    const words = items.flatMap((item) => (isScalar(item) && item.value !== null ? [String(item.value)] : []))
    if (words.length === 0 || words.length < items.length)
      throw wrong(key, `"${name}" has to have ${rule.isList ? 'a value, or a list of them' : 'one value'}`)
    const written = words.join(' ')
    for (const each of valuesOf(rule, written)) {
      try {
        rule.parse(each)
      } catch (error) {
        throw wrong(value, `"${name}" is ${JSON.stringify(each)}: ${(error as Error).message}`)
      }
    }
    return { value: rule.isPath ? resolve(dirname(path), written) : written, path, line: lineOf(key) }
  }

  const settings = new Map<string, FileSetting>()
  const networks = new Map<string, Map<string, FileSetting>>()
  for (const { name, pair } of entries(document.contents, 'the file')) {
    if (name === 'networks') {
      for (const network of entries(pair.value, '"networks"')) {
        networks.set(checkedName(network.name), settingsOf(`networks.${network.name}`, network.pair.value))
      }
      continue
    }
    const rule = configKeyOf(name)
    if (rule === undefined) throw unknown(name, pair.key, [...configKeyNames, 'networks'])
    settings.set(name, settingOf(name, pair, rule))
  }
  return { path, settings, networks }

  function settingsOf(prefix: string, node: unknown): Map<string, FileSetting> {
    return new Map(
      entries(node, `"${prefix}"`).map(({ name, pair }) => {
        if (!Object.hasOwn(networkKeys, name)) throw unknown(name, pair.key, Object.keys(networkKeys))
        return [name, settingOf(`${prefix}.${name}`, pair, networkKeys[name as keyof typeof networkKeys])]
      }),
    )
  }
  function unknown(name: string, node: unknown, known: readonly string[]): ConfigInvalidError {
    return wrong(node, `there is no setting "${name}"${suggestion(name, known)}`)
  }
  function checkedName(name: string): string {
    try {
      return networkName(name)
    } catch (error) {
      throw new ConfigInvalidError(path, undefined, `network "${name}": ${(error as Error).message}`)
    }
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const { size, uid } = await stat(path)
    if (size > FILE_BYTES_MAX)
      throw new ConfigInvalidError(path, undefined, `it has ${size} bytes, which no settings have`)
    const own = process.getuid?.()
    if (own !== undefined && uid !== own && uid !== 0) {
      throw new ConfigInvalidError(path, undefined, `it belongs to another user (${uid}), so it is not followed`)
    }
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (error instanceof ConfigInvalidError) throw error
    throw new ConfigInvalidError(path, undefined, (error as Error).message, error)
  }
}
