/**
 * A journal of files: one of JSON for a chain and a root CID, replaced as a whole at each step. A put that is killed at any
 * point and called again reads it and goes on.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '@granary/base/node'
import type { Hash } from '@granary/protocol/messages'
import { JournalInvalidError, type PutRecord, parsePutRecord } from '../journal/put-record.ts'
import type { Journal } from '../ports.ts'

/** @param folder where the records are kept; made at the first write */
export function fileJournal(folder: string): Journal {
  const pathOf = (genesisHash: Hash, rootCid: string) => join(folder, nameOf(genesisHash, rootCid))
  return {
    read: (genesisHash, rootCid) => readRecord(pathOf(genesisHash, rootCid)),
    async write(record) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const name = nameOf(record.genesisHash, record.rootCid)
      await removeLeftovers(folder, name)
      await writeFileDurably(join(folder, name), `${JSON.stringify(record, null, 2)}\n`, 0o600)
    },
    async list(genesisHash) {
      const names = await readdir(folder).catch(emptyWhenMissing)
      const own = names.filter((name) => name.startsWith(`${genesisHash.slice(2)}-`) && name.endsWith('.json')).sort()
      // A list shows the records that can be read; a put of the broken one's file throws its error.
      const records = await Promise.all(own.map((name) => readRecord(join(folder, name)).catch(undefinedWhenInvalid)))
      return records.filter((record) => record !== undefined)
    },
  }
}

function nameOf(genesisHash: Hash, rootCid: string): string {
  return `${genesisHash.slice(2)}-${rootCid}.json`
}

/** What a write that was killed has left; nobody else writes this record now, since a put holds the lock of its file. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  const names = await readdir(folder)
  const left = names.filter((other) => other.startsWith(`${name}.`) && other.endsWith('.tmp'))
  for (const other of left) await rm(join(folder, other), { force: true })
}

async function readRecord(path: string): Promise<PutRecord | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
  return parsePutRecord(path, text)
}

function undefinedWhenInvalid(error: unknown): undefined {
  if (!(error instanceof JournalInvalidError)) throw error
}

function emptyWhenMissing(error: unknown): string[] {
  if ((error as { code?: unknown }).code === 'ENOENT') return []
  throw error
}
