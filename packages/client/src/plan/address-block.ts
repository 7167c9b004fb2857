/**
 * What of a provider's address says where it is: what one cable or one renter of addresses takes away with it. The /24 of an
 * IPv4 address, the /48 of one of IPv6, and the name otherwise: what a name leads to may change and is not asked for here.
 */
export function addressBlockOf(endpoint: string): string {
  const { hostname } = new URL(endpoint)
  if (/^\d+(?:\.\d+){3}$/.test(hostname)) return hostname.split('.').slice(0, 3).join('.')
  if (!hostname.startsWith('[')) return hostname
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - left!.length - right!.length }, () => '0')
  return [...left!, ...zeros, ...right!].slice(0, 3).join(':')
}
