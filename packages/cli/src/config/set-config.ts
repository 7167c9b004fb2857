/** Writes one setting into a file, where its comments and everything else stay as they are. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder, writeFileDurably } from '@granary/base/node'
import { InvalidArgumentError } from 'commander'
import { parseDocument } from 'yaml'
import { UsageError } from '../usage-error.ts'
import { ConfigKeyUnknownError } from './config-errors.ts'
import {
  type ConfigKey,
  configKeyNames,
  configKeyOf,
  networkKeys,
  networkName,
  suggestion,
  valuesOf,
} from './config-keys.ts'
import { parseConfig } from './read-config-file.ts'

export interface SetConfigInput {
  /** `chain`, or `networks.NAME.chain`. */
  readonly key: string
  /** undefined takes it out of the file. */
  readonly value: string | undefined
  readonly path: string
  readonly isUsers: boolean
}

/** @throws ConfigKeyUnknownError, UsageError for a value that does not fit, ConfigInvalidError for a file that is broken */
export async function setConfig({ key, value, path, isUsers }: SetConfigInput): Promise<void> {
  const { place, rule } = settingNamed(key)
  if (value !== undefined) checkValue(key, value, rule)
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // A file that is broken is not written over.
  parseConfig(before, { path, isUsers })
  const document = parseDocument(before)
  if (value === undefined) document.deleteIn(place)
  else document.setIn(place, rule.isList ? document.createNode(valuesOf(rule, value)) : value)
  const after = document.contents === null ? '' : String(document)
  parseConfig(after, { path, isUsers })
  await makeFolder(dirname(path))
  await writeFileDurably(path, after)
}

/** @throws ConfigKeyUnknownError */
export function settingNamed(key: string): { readonly place: string[]; readonly rule: ConfigKey } {
  const [, name, own = ''] = /^networks\.([^.]+)\.([^.]+)$/.exec(key) ?? []
  if (name !== undefined && Object.hasOwn(networkKeys, own)) {
    return { place: ['networks', networkName(name), own], rule: networkKeys[own as keyof typeof networkKeys] }
  }
  const rule = configKeyOf(key)
  if (rule !== undefined) return { place: [key], rule }
  throw new ConfigKeyUnknownError(
    key,
    suggestion(key, [...configKeyNames, 'networks.NAME.chain', 'networks.NAME.home']),
  )
}

function checkValue(key: string, value: string, rule: ConfigKey): void {
  const values = valuesOf(rule, value)
  if (values.length === 0) throw new UsageError(`"${key}" is empty: leave the value out to take it out of the file`)
  for (const each of values) {
    try {
      rule.parse(each)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      throw new UsageError(`"${key}" is ${JSON.stringify(each)}: ${error.message}`)
    }
  }
}
