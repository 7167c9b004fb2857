/** A journal in IndexedDB: the same lines that a file of Node's has, each in the order in which it was written. */
import type { Hash } from '@granary/protocol/messages'
import { createUploadLog } from '../journal/create-upload-log.ts'
import { JournalInvalidError } from '../journal/journal-invalid.ts'
import { readLog } from '../journal/upload-log.ts'
import type { Journal } from '../ports.ts'
import { DURABLE, type GranaryDatabase, keysBelow, type OpenDatabase } from './indexed-db.ts'

export function indexedDbJournal(open: OpenDatabase): Journal {
  return {
    async open(genesisHash, rootCid) {
      const parts = await (await open()).getAll('journal', keysBelow(genesisHash, rootCid))
      let next = parts.length
      const place = {
        async replace(text: string) {
          const transaction = (await open()).transaction('journal', 'readwrite', DURABLE)
          const { store } = transaction
          await Promise.all([
            store.delete(keysBelow(genesisHash, rootCid)),
            store.add(text, [genesisHash, rootCid, 0]),
            transaction.done,
          ])
          next = 1
        },
        async append(text: string) {
          const transaction = (await open()).transaction('journal', 'readwrite', DURABLE)
          // A part that is there already was written by somebody else: this fails, and nothing of it is lost.
          await Promise.all([transaction.store.add(text, [genesisHash, rootCid, next]), transaction.done])
          next += 1
        },
        close: async () => undefined,
      }
      return createUploadLog(place, endOf(nameOf(genesisHash, rootCid), parts))
    },
    async read(genesisHash, rootCid) {
      const parts = await (await open()).getAll('journal', keysBelow(genesisHash, rootCid))
      return endOf(nameOf(genesisHash, rootCid), parts)?.state
    },
    async list(genesisHash) {
      const logs = await logsOf(await open(), genesisHash)
      // A list shows the logs that can be read; a put of the broken one's content throws its error.
      return [...logs].flatMap(([rootCid, parts]) => {
        try {
          return endOf(nameOf(genesisHash, rootCid), parts)?.state ?? []
        } catch (error) {
          if (error instanceof JournalInvalidError) return []
          throw error
        }
      })
    },
  }
}

function nameOf(genesisHash: Hash, rootCid: string): string {
  return `IndexedDB journal/${genesisHash}/${rootCid}`
}

function endOf(name: string, parts: readonly string[]) {
  return parts.length === 0 ? undefined : readLog(name, parts.join('')).end
}

/** In the order of their roots. */
async function logsOf(database: GranaryDatabase, genesisHash: Hash): Promise<Map<string, string[]>> {
  const logs = new Map<string, string[]>()
  const { store } = database.transaction('journal')
  for await (const { key, value } of store.iterate(keysBelow(genesisHash))) {
    const [, rootCid] = key
    const parts = logs.get(rootCid)
    if (parts === undefined) logs.set(rootCid, [value])
    else parts.push(value)
  }
  return logs
}
