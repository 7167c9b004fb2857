/** A journal in memory. Records are kept as text: what is read is never the object that was written. */
import type { Hash } from '@granary/protocol/messages'
import { parsePutRecord } from '../journal/put-record.ts'
import type { Journal } from '../ports.ts'

export function memoryJournal(): Journal {
  const texts = new Map<string, string>()
  const keyOf = (genesisHash: Hash, rootCid: string) => `${genesisHash}-${rootCid}`
  return {
    async read(genesisHash, rootCid) {
      const key = keyOf(genesisHash, rootCid)
      const text = texts.get(key)
      return text === undefined ? undefined : parsePutRecord(key, text)
    },
    async write(record) {
      texts.set(keyOf(record.genesisHash, record.rootCid), JSON.stringify(record))
    },
    async list(genesisHash) {
      const own = [...texts].filter(([key]) => key.startsWith(`${genesisHash}-`)).sort(([a], [b]) => (a < b ? -1 : 1))
      return own.map(([key, text]) => parsePutRecord(key, text))
    },
  }
}
