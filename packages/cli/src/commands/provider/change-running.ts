/**
 * Changes keys of config.json and lets a running provider take them. What it refuses does not stay in the file: its next start
 * would end there.
 */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import type { ConfigKey } from '@granary/provider/operator'
import { tellRunning } from './tell-running.ts'

export interface ChangeRunningInput {
  readonly home: string
  readonly file: string
  readonly changes: ConfigChanges | (() => Promise<ConfigChanges>)
}

/** By key, such as `ask.validMs`; undefined: the default again. A function is asked for them when nobody else changes the file. */
export type ConfigChanges = Readonly<Record<string, unknown>>

export interface Changed {
  /** As they are then. */
  readonly keys: readonly ConfigKey[]
  /** Whether a provider runs and has taken them. */
  readonly applied: boolean
}

/** @throws HOME_MISSING, CONFIG_INVALID, HOME_LOCKED, … */
export async function changeRunning({ home, file, changes: asked }: ChangeRunningInput): Promise<Changed> {
  const { describeConfig, readConfig, withConfigLock } = await import('@granary/provider/operator')
  await readConfig(file)
  return await withConfigLock(file, async () => {
    const changes = typeof asked === 'function' ? await asked() : asked
    const applied = await apply(home, file, changes)
    return { keys: (await describeConfig(file)).filter(({ key }) => key in changes), applied }
  })
}

async function apply(home: string, file: string, changes: ConfigChanges): Promise<boolean> {
  const { CONFIG_MODE, changeConfig } = await import('@granary/provider/operator')
  const before = await readFile(file, 'utf8')
  await changeConfig(file, changes)
  try {
    return await tellRunning(home)
  } catch (error) {
    if (!(await isRefusal(error))) throw error
    await writeFileDurably(file, before, CONFIG_MODE)
    // Its alert ends with the file that it has taken before. Where that was wrong already, it says so itself.
    await tellRunning(home).catch(() => false)
    throw error
  }
}

/** Of the file, before anything of it is used: what fails later is in use, and stays. */
async function isRefusal(error: unknown): Promise<boolean> {
  if (!GranaryError.is(error)) return false
  const { reloadConfig } = await import('@granary/provider/operator')
  const [, ...refusals] = reloadConfig.errors
  return refusals.some((code) => code === error.code)
}
