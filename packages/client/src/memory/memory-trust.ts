/** What is believed of chains, in memory: a page that is closed takes it along. */
import type { TrustedChain, TrustStore } from '../ports.ts'

export function memoryTrust(): TrustStore {
  const known = new Map<string, TrustedChain>()
  return {
    read: async (chainUrl) => known.get(chainUrl),
    write: async (chainUrl, trusted) => void known.set(chainUrl, structuredClone(trusted)),
  }
}
