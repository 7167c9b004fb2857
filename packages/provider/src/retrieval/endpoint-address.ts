/**
 * A provider's URL as a multiaddr: http://1.2.3.4:80 is /ip4/1.2.3.4/tcp/80/http, and a path behind it /http-path/ and the
 * path, encoded. Undefined for what has no such form.
 */
import { isIPv4, isIPv6 } from 'node:net'

export function endpointAddress(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined
  const { protocol, hostname, port, pathname } = new URL(endpoint)
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const name = isIPv4(host) ? 'ip4' : isIPv6(host) ? 'ip6' : 'dns'
  const tls = protocol === 'https:'
  return `/${name}/${host}/tcp/${port === '' ? (tls ? 443 : 80) : port}${tls ? '/tls' : ''}/http${pathOf(pathname)}`
}

function pathOf(pathname: string): string {
  const path = pathname.replace(/^\/+|\/+$/g, '')
  return path === '' ? '' : `/http-path/${encodeURIComponent(path)}`
}
