/** The page's keys in IndexedDB, which keeps a key of Web Cryptography without anybody reading it. */
import type { SessionKeys } from '../account/session-key.ts'
import { DURABLE, type OpenDatabase } from './indexed-db.ts'

export function indexedDbSessionKeys(open: OpenDatabase): SessionKeys {
  return {
    read: async (genesisHash, account) => (await open()).get('keys', [genesisHash, account]),
    async keep(genesisHash, account, key) {
      const { store, done } = (await open()).transaction('keys', 'readwrite', DURABLE)
      // In one transaction: two tabs that open the account at once end with one key.
      const there = await store.get([genesisHash, account])
      if (there === undefined) await store.put(key, [genesisHash, account])
      await done
      return there ?? key
    },
  }
}
