/** Who serves a CID, as the chain's deals say: the content router of the market. */

import type { ReadOptions } from '@granary/content'
import type { DealState, DealView, ProviderView } from '@granary/protocol/client'
import type { CID } from 'multiformats/cid'
import { isLoopback, libp2pAddresses } from './announced-addresses.ts'
import { endpointAddress } from './endpoint-address.ts'

/** What this needs of the chain's client. */
export interface DealDirectory {
  deals(filter: { rootCid: string }, options?: { signal?: AbortSignal }): AsyncIterable<DealView>
  provider(id: number, options?: { signal?: AbortSignal }): Promise<ProviderView>
}

/** https://specs.ipfs.tech/routing/http-routing-v1/#peer-schema */
export interface PeerRecord {
  readonly Schema: 'peer'
  readonly ID: string
  readonly Addrs: readonly string[]
  readonly Protocols: readonly string[]
}

/** Of this provider, whose addresses may be newer than what the chain has of it. */
export interface Self {
  readonly peerId: string
  readonly multiaddrs: readonly string[]
  /** Whether those who ask are on this machine, where the loopback of another provider is reached. */
  readonly isOnLoopback: boolean
}

export interface FindProviders {
  readonly chain: DealDirectory
  /** The roots of the pieces here that hold a block: the chain knows roots only. */
  readonly rootsOf: (cid: CID) => readonly string[]
  /** Whether a block is here: a deal of this provider may be for another part of the root's DAG. */
  readonly has: (cid: CID) => boolean
  readonly self: Self
}

/** A provider has the data from its signature on: before the deal is sealed, and while it is. */
const serving: ReadonlySet<DealState> = new Set<DealState>(['published', 'committed', 'active'])

export async function findProviders(
  cid: CID,
  { chain, rootsOf, has, self }: FindProviders,
  countMax: number,
  options: ReadOptions,
): Promise<PeerRecord[]> {
  const call = options.signal === undefined ? {} : { signal: options.signal }
  const records = new Map<number, PeerRecord>()
  const held = has(cid)
  const roots = new Set([cid.toV1().toString(), ...rootsOf(cid)])
  for (const rootCid of roots)
    for await (const { state, terms } of chain.deals({ rootCid }, call)) {
      if (!serving.has(state) || records.has(terms.provider)) continue
      const provider = await chain.provider(terms.provider, call)
      if (provider.peerId === self.peerId && !held) continue
      const record = recordOf(provider, self)
      if (record !== undefined) records.set(terms.provider, record)
      if (records.size === countMax) return [...records.values()]
    }
  return [...records.values()]
}

/**
 * Undefined for a provider without a peer id: the protocol knows none by another name. An address on the loopback would send
 * who asks to a program of their own machine.
 */
export function recordOf({ peerId, endpoints }: ProviderView, self: Self): PeerRecord | undefined {
  if (peerId === '') return undefined
  const isTold = (address: string): boolean => self.isOnLoopback || !isLoopback(address)
  const http = endpoints
    .map(endpointAddress)
    .filter((address) => address !== undefined)
    .filter(isTold)
  const libp2p = (peerId === self.peerId ? self.multiaddrs : libp2pAddresses(endpoints, peerId)).filter(isTold)
  if (http.length === 0 && libp2p.length === 0) return undefined
  const Protocols = [
    ...(http.length > 0 ? ['transport-ipfs-gateway-http'] : []),
    ...(libp2p.length > 0 ? ['transport-bitswap'] : []),
  ]
  return { Schema: 'peer', ID: peerId, Addrs: [...http, ...libp2p], Protocols }
}
