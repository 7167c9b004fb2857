/**
 * Nothing is deleted because it is unknown: a store may be the wrong one, a person may have moved a file. What nobody
 * knows goes into a folder named `aside` beside it, with the time in its name, and is kept there for a month.
 */
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { moveFile } from '@granary/base/node'
import type { Alerts } from '../alerts.ts'

export const ASIDE = 'aside'
export const ASIDE_KEEP_MS: number = 30 * 24 * 60 * 60_000

/** An ISO time whose colons are no good in a file's name. */
const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3}Z)-(.+)$/

/** Moves a file or a folder aside. @returns where it is now */
export async function setAside(path: string, nowMs: number = Date.now()): Promise<string> {
  const folder = join(dirname(path), ASIDE)
  await mkdir(folder, { recursive: true })
  const to = join(folder, `${new Date(nowMs).toISOString().replaceAll(':', '-')}-${basename(path)}`)
  await moveFile(path, to)
  return to
}

export interface AsideEntry {
  readonly path: string
  /** What it was called. */
  readonly name: string
  readonly atMs: number
}

/** Whether a name is that of something that was set aside. */
export function isStampedAside(name: string): boolean {
  return STAMPED.test(name)
}

/** What has been set aside from this folder. */
export async function listAside(folder: string): Promise<AsideEntry[]> {
  const aside = join(folder, ASIDE)
  const names = await readdir(aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return names.flatMap((stamped) => {
    const [, hour, minute, second, name] = STAMPED.exec(stamped) ?? []
    if (name === undefined) return []
    return [{ path: join(aside, stamped), name, atMs: Date.parse(`${hour}:${minute}:${second}`) }]
  })
}

/** Raises an alert for each file or folder that is set aside in these folders, and removes those that were kept for their time. */
export async function sweepAside(
  folders: readonly string[],
  alerts: Alerts,
  nowMs: number = Date.now(),
): Promise<void> {
  for (const folder of folders)
    for (const { path, atMs } of await listAside(folder)) {
      if (atMs + ASIDE_KEEP_MS > nowMs) {
        alerts.raise({
          code: 'SET_ASIDE',
          subject: path,
          message: `${path} was not removed, since nothing says for sure that nobody needs it: it is kept until ${new Date(atMs + ASIDE_KEEP_MS).toISOString()}`,
          hint: 'if you miss something, stop the provider and look there; if not, there is nothing to do',
        })
        continue
      }
      await rm(path, { recursive: true, force: true })
      alerts.clear('SET_ASIDE', path)
      await rmdir(join(folder, ASIDE)).catch(() => {})
    }
}
