/** What is believed of chains, in IndexedDB. It is kept as the text that a file of Node's has. */
import type { TrustStore } from '../ports.ts'
import { parseTrustedChain, trustedChainText } from '../verify/trusted-chain.ts'
import { DURABLE, type OpenDatabase } from './indexed-db.ts'

export function indexedDbTrust(open: OpenDatabase): TrustStore {
  return {
    async read(chainUrl) {
      const text = await (await open()).get('trust', chainUrl)
      return text === undefined ? undefined : parseTrustedChain(`IndexedDB trust/${chainUrl}`, text)
    },
    async write(chainUrl, trusted) {
      const transaction = (await open()).transaction('trust', 'readwrite', DURABLE)
      await Promise.all([transaction.store.put(trustedChainText(chainUrl, trusted), chainUrl), transaction.done])
    },
  }
}
