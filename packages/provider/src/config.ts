/**
 * `<home>/provider/config.json`: what the owner decides, and so what is to be. It is read at start and on reload, compared with
 * the chain, and applied or refused aloud; the file holds only what differs from the defaults.
 */
import { chmod, readFile, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import type * as z from 'zod'
import { withConfigLock } from './config-lock.ts'
import { configSchema } from './config-schema.ts'
import { describeIssues } from './describe-issues.ts'

/** It may hold a word that only its owner knows, in `alertsUrl` and in `sealing.redis`. */
export const CONFIG_MODE = 0o600

export type ProviderConfig = z.output<typeof configSchema>
export type AskConfig = ProviderConfig['ask']

/** A first configuration, everything else by default. */
export function newConfig(given: Pick<ProviderConfig, 'chainUrl' | 'profile' | 'name'>): ProviderConfig {
  return configSchema.parse({ schemaVersion: 1, ...given })
}

const FILE_HINT = 'correct the file; the keys beside it are those of your account and of your sectors: keep them'

export class ConfigError extends GranaryError {
  constructor(path: string, problem: string, { cause, hint = FILE_HINT }: { cause?: unknown; hint?: string } = {}) {
    super({
      code: 'CONFIG_INVALID',
      message: `${path}: ${problem}`,
      hint,
      details: { path },
      cause,
    })
  }
}

export class HomeMissingError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_MISSING',
      message: `there is no ${path}`,
      hint: 'run `granary provider init` for this --home first',
      details: { path },
    })
  }
}

/** @throws HomeMissingError, ConfigError */
export async function readConfig(path: string): Promise<ProviderConfig> {
  return checkConfig(path, await readGiven(path))
}

export async function writeConfig(path: string, config: z.input<typeof configSchema>): Promise<void> {
  checkConfig(path, config)
  await writeFileDurably(path, `${JSON.stringify(config, null, 2)}\n`, CONFIG_MODE)
}

/**
 * Keys that are to have another value, by their names such as `ask.validMs`; undefined: the default again. Nothing else in the
 * file changes. @throws HomeMissingError, ConfigError, ConfigBusyError HOME_LOCKED
 */
export async function changeConfig(path: string, changes: Readonly<Record<string, unknown>>): Promise<ProviderConfig> {
  await readText(path)
  return await withConfigLock(path, () => changeGiven(path, changes))
}

async function changeGiven(path: string, changes: Readonly<Record<string, unknown>>): Promise<ProviderConfig> {
  const given = await readGiven(path)
  const changed = Object.entries(changes).reduce(
    (config, [key, value]) => withKey(config, key.split('.'), value),
    given,
  )
  const config = checkConfig(path, changed, 'the file is as it was: `granary provider config` says what each key is')
  if (!isDeepStrictEqual(changed, given)) {
    await writeFileDurably(path, `${JSON.stringify(changed, null, 2)}\n`, CONFIG_MODE)
  } else await keepPrivate(path)
  return config
}

/** One that was written before it held a secret, or that an editor has made anew, is taken from the others at the next look. */
export async function keepPrivate(path: string): Promise<void> {
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, CONFIG_MODE)
}

/** That key, such as `ask.validMs`, with another value; undefined: without it. */
export function withKey(given: object, [name = '', ...rest]: readonly string[], value: unknown): object {
  const before = (given as Record<string, unknown>)[name]
  const inner = typeof before === 'object' && before !== null ? before : {}
  const changed = { ...given, [name]: rest.length === 0 ? value : withKey(inner, rest, value) }
  if (changed[name as keyof typeof changed] === undefined) delete changed[name as keyof typeof changed]
  return changed
}

/** @throws ConfigError */
export function checkConfig(path: string, given: unknown, hint?: string): ProviderConfig {
  const parsed = configSchema.safeParse(given)
  if (!parsed.success) throw new ConfigError(path, describeIssues(parsed.error), hint === undefined ? {} : { hint })
  return parsed.data
}

/** As it stands in the file. @throws HomeMissingError, ConfigError */
export async function readGiven(path: string): Promise<object> {
  const given = parseJson(path, await readText(path))
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given
  throw new ConfigError(path, 'no JSON object')
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new HomeMissingError(path)
    throw error
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError(path, 'not JSON', { cause: error })
  }
}
