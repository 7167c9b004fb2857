/**
 * The address that clients are told. What listens on all addresses (0.0.0.0, ::) has none that a client could use: then
 * one of a real interface is taken, an address that the Internet routes before one of a private network.
 */
import { BlockList, isIPv6 } from 'node:net'
import { GranaryError } from '@granary/base'
import { urlOf } from '@granary/base/http'

/** As `os.networkInterfaces()` lists them. */
export type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly internal: boolean }[] | undefined>
>

export interface PublicAddressInput {
  readonly host: string
  readonly port: number
  readonly publicUrl?: string | undefined
  readonly interfaces: Interfaces
}

export interface PublicAddress {
  readonly url: string
  /** Nobody named it: it was found among the interfaces, and is worth a line. */
  readonly guessed: boolean
}

export class NoPublicAddressError extends GranaryError {
  constructor(host: string) {
    super({
      code: 'NO_PUBLIC_ADDRESS',
      message: `${host} is no address that a client could use, and this machine has no other one than its own loopback`,
      hint: 'say with --public-url how clients reach this provider, or use --host 127.0.0.1 for this machine alone',
      details: { host },
    })
  }
}

/** @throws NoPublicAddressError */
export function publicAddress({ host, port, publicUrl, interfaces }: PublicAddressInput): PublicAddress {
  if (publicUrl !== undefined) return { url: publicUrl, guessed: false }
  if (!unspecified.check(host, familyOf(host))) return { url: urlOf(host, port), guessed: false }
  // Both families arrive where `::` is listened on; only IPv4 where 0.0.0.0 is.
  const reachable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !linkLocal.check(address, familyOf(address)))
    .filter(({ address }) => isIPv6(host) || !isIPv6(address))
    .map(({ address }) => address)
  const best = reachable.toSorted((a, b) => rankOf(a) - rankOf(b))[0]
  if (best === undefined) throw new NoPublicAddressError(host)
  return { url: urlOf(best, port), guessed: true }
}

const unspecified = networks('0.0.0.0/32', '::/128')
/** Means something on one wire only, and not without the name of the interface. */
const linkLocal = networks('169.254.0.0/16', 'fe80::/10')
const privateNetworks = networks('10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7')

function networks(...subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

/** IPv4 first: more clients have it. */
function rankOf(address: string): number {
  return (privateNetworks.check(address, familyOf(address)) ? 2 : 0) + (isIPv6(address) ? 1 : 0)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
