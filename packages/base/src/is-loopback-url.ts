/**
 * Whether an address is of this machine and of no other. Names other than `localhost` are never: what they stand for is said
 * by whoever answers for names.
 */
export function isLoopbackUrl(url: string): boolean {
  const hostname = URL.parse(url)?.hostname ?? ''
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
