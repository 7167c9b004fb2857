/** The configuration by its keys: what each is, what two differ by, and which of them a reload takes. */
import { isDeepStrictEqual } from 'node:util'
import { withoutPasswords } from '@granary/base'
import * as z from 'zod'
import { type ProviderConfig, readConfig, readGiven, withKey } from './config.ts'
import { configSchema } from './config-schema.ts'
import { withoutPassword } from './queue/without-password.ts'

/** What these decide is built once: another value waits for the next start. */
const startKeys: ReadonlySet<string> = new Set([
  ...[
    'schemaVersion',
    'chainUrl',
    'witnesses',
    'trustedHeader',
    'profile',
    'profiles',
    'owner',
    'publicUrl',
    'host',
    'port',
    'libp2pPort',
    'libp2pAddresses',
    'adminPort',
    'sealing.afterMs',
    'sealing.redis',
    'sealing.parallel',
    'sealing.together',
    'sealing.memoryBytes',
  ],
  ...['uploadExpiryMs', 'quotesPerAddress', 'requestsPerMinute', 'bytesPerMinute', 'connectionsPerAddress'].map(
    inLimits,
  ),
  ...['downloadsPerAddress', 'downloads', 'loopback'].map(inLimits),
])

function inLimits(name: string): string {
  return `limits.${name}`
}

export interface ConfigKey {
  /** Such as `ask.validMs`. */
  readonly key: string
  readonly value: unknown
  readonly origin: 'file' | 'default'
  readonly takesEffect: 'reload' | 'start'
  readonly description: string
}

/** What may be shown of it: who enters a Redis with a password decides what is sealed. */
export function printedValue(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  return key === 'sealing.redis' ? withoutPassword(value) : withoutPasswords(value)
}

/** Every key, as it is, with what it means; without passwords. @throws HomeMissingError, ConfigError */
export async function describeConfig(path: string): Promise<ConfigKey[]> {
  const given = valuesOf(await readGiven(path))
  const values = valuesOf(await readConfig(path))
  return configKeys().map(({ key, description }) => ({
    key,
    value: printedValue(key, values.get(key)),
    origin: given.has(key) ? 'file' : 'default',
    takesEffect: startKeys.has(key) ? 'start' : 'reload',
    description,
  }))
}

/** Keys by which two configurations differ, and whether each needs a start. */
export function changedKeys(
  before: ProviderConfig,
  after: ProviderConfig,
): { readonly key: string; readonly from: unknown; readonly to: unknown; readonly needsStart: boolean }[] {
  const [from, to] = [valuesOf(before), valuesOf(after)]
  return configKeys()
    .filter(({ key }) => !isDeepStrictEqual(from.get(key), to.get(key)))
    .map(({ key }) => ({ key, from: from.get(key), to: to.get(key), needsStart: startKeys.has(key) }))
}

/** The new one, but for what needs a start. */
export function atReload(before: ProviderConfig, after: ProviderConfig): ProviderConfig {
  const kept = changedKeys(before, after).filter(({ needsStart }) => needsStart)
  return configSchema.parse(
    kept.reduce((config, { key, from }) => withKey(config, key.split('.'), from), after as object),
  )
}

/** What a text means for that key: what is unknown stays a text, which the schema refuses with its reason. */
export function configValue(key: string, text: string): unknown {
  const type = configKeys().find((each) => each.key === key)?.type
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (type === 'array') return text.split(',')
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  return text
}

interface KeyForm {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, KeyForm>>
}

interface KnownKey {
  readonly key: string
  readonly type: string | undefined
  readonly description: string
}

function configKeys(): KnownKey[] {
  return keysIn(z.toJSONSchema(configSchema, { io: 'input' }) as KeyForm, '')
}

function keysIn({ properties = {} }: KeyForm, prefix: string): KnownKey[] {
  return Object.entries(properties).flatMap(([name, form]) =>
    form.properties === undefined
      ? [{ key: prefix + name, type: form.type, description: form.description ?? '' }]
      : keysIn(form, `${prefix}${name}.`),
  )
}

function valuesOf(config: object): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [name, value] of Object.entries(config)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) found.set(name, value)
    else for (const [inner, each] of valuesOf(value)) found.set(`${name}.${inner}`, each)
  }
  return found
}
