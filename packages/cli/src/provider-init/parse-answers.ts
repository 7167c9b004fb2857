/** Answers and options of `provider init`, as they are typed. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { InvalidArgumentError } from 'commander'
import { httpUrl } from '../options.ts'

const unspecified = new BlockList()
unspecified.addAddress('0.0.0.0')
unspecified.addAddress('::', 'ipv6')

/** An address that a client could use. */
export function publicUrl(text: string): string {
  const { hostname } = new URL(httpUrl(text))
  const host = hostname.replace(/^\[|\]$/g, '')
  const isNone = (isIPv4(host) && unspecified.check(host)) || (isIPv6(host) && unspecified.check(host, 'ipv6'))
  if (isNone) throw new InvalidArgumentError('expected an address that clients reach; all of this machine are none.')
  return text
}

/** Folders, with commas between them. */
export function folders(text: string): string[] {
  const named = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (named.length === 0) throw new InvalidArgumentError('expected folders, with commas between them.')
  return named
}

export function region(text: string): string {
  if (text.length <= 64) return text
  throw new InvalidArgumentError('expected at most 64 characters.')
}

/** Whether its checksum is right is looked at where it is used: that needs more than a command's help should load. */
export function account(text: string): string {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text
  throw new InvalidArgumentError('expected an account: 0x and 40 hex digits.')
}
