/**
 * Where others reach this provider's bitswap, as the chain is told: multiaddrs without the peer id, which stands beside them.
 * What listens on one address is reached there; what listens on all of them, where its URL is. What listens on the loopback
 * is reached by nobody whom a URL of elsewhere is for.
 */
import { multiaddr } from '@multiformats/multiaddr'
import { endpointAddress } from './endpoint-address.ts'

export interface AnnouncedAddressesInput {
  /** As libp2p lists them. */
  readonly listening: readonly string[]
  /** What it was told to listen on: an address or a name. */
  readonly host: string
  /** Under which clients reach this provider by HTTP. */
  readonly url: string
  /** By the configuration: then these are the ones. */
  readonly configured?: readonly string[] | undefined
}

export function announcedAddresses({ listening, host, url, configured }: AnnouncedAddressesInput): string[] {
  if (listening.length === 0) return []
  if (configured !== undefined) return [...configured]
  if (host === '0.0.0.0' || host === '::') {
    const port = partsOf(listening[0]!).find(({ name }) => name === 'tcp')?.value
    const place = partsOf(endpointAddress(url) ?? '/')[0]
    return place === undefined ? [] : [`/${place.name}/${place.value}/tcp/${port}`]
  }
  const own = [...new Set(listening.map(withoutPeer))]
  return isLoopback(endpointAddress(url) ?? '/') ? own : own.filter((address) => !isLoopback(address))
}

/** Those of a provider's endpoints that are its libp2p's; one that is none, or that names another peer, is left out. */
export function libp2pAddresses(endpoints: readonly string[], peerId: string): string[] {
  return endpoints.filter((text) => text.startsWith('/') && isOf(text, peerId)).map(withoutPeer)
}

function isOf(text: string, peerId: string): boolean {
  try {
    return partsOf(text).every(({ name, value }) => name !== 'p2p' || value === peerId)
  } catch {
    return false
  }
}

function withoutPeer(text: string): string {
  return text.replace(/\/p2p\/[^/]+$/, '')
}

/** Of a multiaddr. */
export function isLoopback(address: string): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\/|dns\/localhost\/)/.test(address)
}

function partsOf(text: string): { name: string; value?: string | undefined }[] {
  return multiaddr(text).getComponents()
}
