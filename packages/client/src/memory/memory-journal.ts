/** A journal in memory. Logs are kept as text: what is read is never the object that was written. */
import { createUploadLog } from '../journal/create-upload-log.ts'
import { readLog } from '../journal/upload-log.ts'
import type { Journal } from '../ports.ts'

export function memoryJournal(): Journal {
  const texts = new Map<string, string>()
  const endOf = (key: string) => {
    const text = texts.get(key)
    return text === undefined ? undefined : readLog(key, text).end
  }
  return {
    async open(genesisHash, rootCid) {
      const key = `${genesisHash}-${rootCid}`
      const replace = async (text: string) => void texts.set(key, text)
      const append = async (text: string) => void texts.set(key, (texts.get(key) ?? '') + text)
      return createUploadLog({ replace, append, close: async () => undefined }, endOf(key))
    },
    async read(genesisHash, rootCid) {
      return endOf(`${genesisHash}-${rootCid}`)?.state
    },
    async list(genesisHash) {
      const own = [...texts.keys()].filter((key) => key.startsWith(`${genesisHash}-`)).sort()
      return own.map((key) => endOf(key)!.state)
    },
  }
}
