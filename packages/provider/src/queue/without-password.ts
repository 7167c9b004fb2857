/** The address of a Redis as it may be printed: where it is, and nothing of who may enter. */
export function withoutPassword(url: string): string {
  const { protocol, host, pathname } = URL.parse(url) ?? {}
  if (host === undefined) return url.replace(/^.*@/s, '').replace(/\?.*$/s, '')
  return `${protocol}//${host}${pathname}`
}
