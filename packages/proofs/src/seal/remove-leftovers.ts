/** What killed work left in a sector's folder. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Made by mkdtemp with the process that unseals in its name. */
const UNSEALING = /^unseal-(\d+)-/

export function unsealingPrefix(): string {
  return `unseal-${process.pid}-`
}

/** Folders of unsealings whose process is no more. */
export async function removeDeadUnsealings(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const pid = UNSEALING.exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(dir, name), { recursive: true, force: true })
  }
}

/** Files that were not finished, but for layers, which are gone on with. */
export async function removeTemporaries(dir: string): Promise<void> {
  await removeBeside(dir, '')
  await removeDeadUnsealings(dir)
}

/** Those that one file, of the name that they begin with, was to be. */
export async function removeBeside(dir: string, file: string): Promise<void> {
  for (const name of await readdir(dir))
    if (name.startsWith(file) && name.endsWith('.tmp')) await rm(join(dir, name), { force: true })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Someone else's process runs too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
