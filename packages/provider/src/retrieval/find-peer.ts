/** Who has a peer id, as the records of the chain's providers say. */
import type { ProviderView } from '@granary/protocol/client'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'

/** What this needs of the chain's client. */
export interface ProviderList {
  providers(): AsyncIterable<ProviderView>
}

export type FindPeer = (peerId: string) => Promise<ProviderView | undefined>

/** The chain finds providers by number: all of them are read, for all who ask in this time. */
const READ_EVERY_MS = 60_000

/** Of several that name the same peer the first that was registered. */
export function createFindPeer(chain: ProviderList, now: () => number = Date.now): FindPeer {
  let read: { readonly atMs: number; readonly peers: Promise<Map<string, ProviderView>> } | undefined
  return async (peerId) => {
    if (read === undefined || now() - read.atMs >= READ_EVERY_MS) {
      const peers = peersOf(chain)
      const latest = { atMs: now(), peers }
      read = latest
      peers.catch(() => {
        if (read === latest) read = undefined
      })
    }
    return (await read.peers).get(peerId)
  }
}

async function peersOf(chain: ProviderList): Promise<Map<string, ProviderView>> {
  const peers = new Map<string, ProviderView>()
  for await (const view of chain.providers())
    if (view.peerId !== '' && !peers.has(view.peerId)) peers.set(view.peerId, view)
  return peers
}

const LIBP2P_KEY = 0x72

/** In the form of the records, base58btc of the multihash, whichever form it has; undefined for what is no peer id. */
export function canonicalPeerId(text: string): string | undefined {
  try {
    if (/^(1|Qm)/.test(text)) {
      decodeDigest(base58btc.decode(`z${text}`))
      return text
    }
    const cid = CID.parse(text, text.startsWith('k') ? base36 : undefined)
    return cid.code === LIBP2P_KEY ? base58btc.encode(cid.multihash.bytes).slice(1) : undefined
  } catch {
    return undefined
  }
}
