/**
 * The program as npm installs it: what is published of it, built, in a folder without its sources. The packages that it needs are
 * those of this checkout, built too.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Program } from './program.ts'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const PUBLISHED = ['bin', 'dist', 'samples', 'shells', 'package.json']

/** @param folder which it gets a folder in */
export async function installedProgram(folder: string, signal?: AbortSignal): Promise<Program> {
  const pnpm = join(repository, 'node_modules', '.bin', 'pnpm')
  await promisify(execFile)(pnpm, ['build'], { cwd: repository, ...(signal === undefined ? {} : { signal }) })
  const source = join(repository, 'packages', 'cli')
  const home = join(folder, 'granary')
  await mkdir(home)
  for (const name of PUBLISHED) await cp(join(source, name), join(home, name), { recursive: true })
  await symlink(join(source, 'node_modules'), join(home, 'node_modules'))
  return { command: process.execPath, args: [join(home, 'bin', 'granary.js')] }
}
