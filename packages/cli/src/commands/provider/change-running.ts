/**
 * Changes keys of config.json and lets a running provider take them. What it refuses does not stay in the file: its next start
 * would end there.
 */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { tellRunning } from './tell-running.ts'

export interface ChangeRunningInput {
  readonly home: string
  readonly file: string
  /** By key, such as `ask.validMs`; undefined: the default again. */
  readonly changes: Readonly<Record<string, unknown>>
}

/** @returns whether a provider runs and has taken them @throws HOME_MISSING, CONFIG_INVALID, … */
export async function changeRunning({ home, file, changes }: ChangeRunningInput): Promise<boolean> {
  const { CONFIG_MODE, changeConfig, readConfig } = await import('@granary/provider/operator')
  await readConfig(file)
  const before = await readFile(file, 'utf8')
  await changeConfig(file, changes)
  try {
    return await tellRunning(home)
  } catch (error) {
    if (!isRefusal(error)) throw error
    await writeFileDurably(file, before, CONFIG_MODE)
    // Its alert ends with the file that it has taken before. Where that was wrong already, it says so itself.
    await tellRunning(home).catch(() => false)
    throw error
  }
}

/** Of the file, before anything of it is used: what fails later is in use, and stays. */
function isRefusal(error: unknown): boolean {
  return GranaryError.is(error) && ['CONFIG_INVALID', 'SEAL_AFTER_TOO_LONG'].includes(error.code)
}
