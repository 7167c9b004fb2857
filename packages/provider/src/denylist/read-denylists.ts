/** The files of the configuration's `denylists`, read anew at the start and at each reload. */
import { createReadStream } from 'node:fs'
import { basename, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { GranaryError } from '@granary/base'
import type { Alerts } from '../alerts.ts'
import type { Log } from '../log.ts'
import type { Denylist } from './denylist.ts'
import { type ParsedDenylist, parseDenylist } from './parse-denylist.ts'

export class DenylistUnreadableError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'DENYLIST_UNREADABLE',
      message: `the denylist ${path} cannot be read: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'correct `denylists` of config.json, or put the file there: without it, what it denies would be served',
      details: { path },
      cause,
    })
  }
}

export interface ReadDenylists {
  readonly paths: readonly string[]
  /** What a relative path is relative to. */
  readonly folder: string
  readonly alerts: Alerts
  readonly log: Log
}

/** @throws DenylistUnreadableError DENYLIST_UNREADABLE */
export async function readDenylists({ paths, folder, alerts, log }: ReadDenylists): Promise<Denylist[]> {
  const lists: Denylist[] = []
  const files = paths.map((path) => resolve(folder, path))
  for (const { code, subject = '' } of alerts.list())
    if (code === 'DENYLIST_RULES_SKIPPED' && !files.includes(subject)) alerts.clear(code, subject)
  for (const path of files) {
    const { denylist, count, skipped, foreignHashes } = await readOne(path)
    log({ type: 'denylist:read', path, rules: count, skipped: skipped.length })
    lists.push(denylist)
    if (skipped.length === 0) alerts.clear('DENYLIST_RULES_SKIPPED', path)
    else
      alerts.raise({
        code: 'DENYLIST_RULES_SKIPPED',
        subject: path,
        message: `${skipped.length} lines of ${path} are no rules that this provider can follow, the first is line ${skipped[0]}${foreignHashes === 0 ? '' : `; ${foreignHashes} of them are hashes of other functions than SHA-256`}`,
        hint: 'the other rules are followed; correct the lines, and reload',
      })
  }
  return lists
}

async function readOne(path: string): Promise<ParsedDenylist> {
  const input = createReadStream(path)
  // What a stream of lines that ends in an error would keep to itself.
  const failed = new Promise<never>((_, reject) => input.once('error', reject))
  try {
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    return await Promise.race([parseDenylist(basename(path), lines), failed])
  } catch (error) {
    throw new DenylistUnreadableError(path, error)
  } finally {
    failed.catch(() => {})
    input.destroy()
  }
}
