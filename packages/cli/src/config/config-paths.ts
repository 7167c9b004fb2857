/** Where settings are looked for. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import type { ProgramContext } from '../program-context.ts'

export const PROJECT_FILE = 'granary.yaml'

/** `GRANARY_CONFIG`, else `config.yaml` in the platform's folder for settings. */
export function userConfigPath({ env }: Pick<ProgramContext, 'env'>): string {
  return resolve(env.GRANARY_CONFIG ?? join(envPaths('granary', { suffix: '' }).config, 'config.yaml'))
}

/**
 * `granary.yaml` of the project that one stands in: here, or above, up to the root of the repository. Outside of any, only
 * here: whoever can write into /tmp must not say what happens in every folder below it.
 */
export function projectConfigPath({ cwd }: Pick<ProgramContext, 'cwd'>): string | undefined {
  const here = cwd()
  const above = foldersUpTo(here, (folder) => existsSync(join(folder, '.git')))
  return (above ?? [here]).map((folder) => join(folder, PROJECT_FILE)).find((path) => existsSync(path))
}

function foldersUpTo(folder: string, isLast: (folder: string) => boolean): string[] | undefined {
  const folders: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    folders.push(at)
    if (isLast(at)) return folders
    if (dirname(at) === at) return undefined
  }
}
