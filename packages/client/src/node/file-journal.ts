/**
 * A journal of files: a log for a chain and a root CID. An upload that is killed at any point and called again reads it and
 * goes on. A record of an earlier release, a file of JSON, is read in its place, until the first event.
 */
import { open, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileDurably } from '@granary/base/node'
import { createUploadLog, type LogPlace } from '../journal/create-upload-log.ts'
import { JournalInvalidError } from '../journal/journal-invalid.ts'
import { parsePutRecord } from '../journal/put-record.ts'
import { type LogEnd, readLog } from '../journal/upload-log.ts'
import type { UploadState } from '../journal/upload-state.ts'
import type { Journal } from '../ports.ts'

/** @param folder where the logs are kept; made at the first write */
export function fileJournal(folder: string): Journal {
  return {
    async open(genesisHash, rootCid) {
      const path = join(folder, `${genesisHash.slice(2)}-${rootCid}`)
      return createUploadLog(logPlace(folder, path), await endIn(path, true))
    },
    async read(genesisHash, rootCid) {
      return (await endIn(join(folder, `${genesisHash.slice(2)}-${rootCid}`), false))?.state
    },
    async list(genesisHash) {
      const names = await readdir(folder).catch(emptyWhenMissing)
      const own = names
        .flatMap((name) => NAME.exec(name)?.[1] ?? [])
        .filter((name) => name.startsWith(genesisHash.slice(2)))
      // A list shows the logs that can be read; a put of the broken one's file throws its error.
      const found = await Promise.all(
        [...new Set(own)].sort().map((name) => endIn(join(folder, name), false).catch(undefinedWhenInvalid)),
      )
      return found.flatMap((end) => end?.state ?? [])
    },
  }
}

const LOG = '.log'
/** Of earlier releases. */
const RECORD = '.json'
const NAME = /^(.+)\.(?:log|json)$/

function logPlace(folder: string, path: string): LogPlace {
  let file: Awaited<ReturnType<typeof open>> | undefined
  const close = async (): Promise<void> => {
    await file?.close()
    file = undefined
  }
  return {
    close,
    async replace(text) {
      await close()
      await makeFolder(folder, 0o700)
      await removeLeftovers(folder, path)
      await writeFileDurably(path + LOG, text, 0o600)
      await rm(path + RECORD, { force: true })
    },
    async append(text) {
      file ??= await open(path + LOG, 'a', 0o600)
      await file.writeFile(text)
      await file.datasync()
    },
  }
}

/** What a write that was killed has left; nobody else writes this log now, since a put holds the lock of its root. */
async function removeLeftovers(folder: string, path: string): Promise<void> {
  const names = await readdir(folder)
  const left = names
    .map((name) => join(folder, name))
    .filter((other) => other.startsWith(`${path}.`) && other.endsWith('.tmp'))
  for (const other of left) await rm(other, { force: true })
}

/** @param mend cuts off what a power cut has left of a last line, so that the next one does not stand behind it */
async function endIn(path: string, mend: boolean): Promise<LogEnd | { readonly state: UploadState } | undefined> {
  const text = await textIn(path + LOG)
  if (text !== undefined) {
    const { end, length } = readLog(path + LOG, text)
    if (mend && length < text.length) await truncate(path + LOG, Buffer.byteLength(text.slice(0, length)))
    return end
  }
  const record = await textIn(path + RECORD)
  return record === undefined ? undefined : { state: parsePutRecord(path + RECORD, record) }
}

async function textIn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}

function undefinedWhenInvalid(error: unknown): undefined {
  if (!(error instanceof JournalInvalidError)) throw error
}

function emptyWhenMissing(error: unknown): string[] {
  if ((error as { code?: unknown }).code === 'ENOENT') return []
  throw error
}
