/**
 * What one address may use of a node at a time and in a minute, so that no caller has all of it. An address is that of the
 * connection: who puts a proxy before the node limits there. Of IPv6 a whole /56 counts as one, because one household has it.
 */
import { isIPv4, type Socket } from 'node:net'
import { ipKeyGenerator } from 'express-rate-limit'

export interface AddressLimits {
  /** @default 6000 */
  readonly requestsPerMinute?: number
  /** Bytes of transactions. @default 64 MiB */
  readonly bytesPerMinute?: number
  /** Open at a time. @default 64 */
  readonly connections?: number
  /** Transactions that arrive or are checked, at a time; those that wait for a block do not count. @default 8 */
  readonly bodies?: number
  /** Open at a time. @default 16 */
  readonly eventStreams?: number
  /** Programs on the node's own machine are limited too. @default false */
  readonly loopback?: boolean
}

const DEFAULTS: Required<AddressLimits> = {
  requestsPerMinute: 6_000,
  bytesPerMinute: 64 << 20,
  connections: 64,
  bodies: 8,
  eventStreams: 16,
  loopback: false,
}

export function addressLimits(limits: AddressLimits = {}): Required<AddressLimits> {
  return { ...DEFAULTS, ...limits }
}

/** undefined for those that are not limited. */
export type AddressOf = (socket: Socket) => string | undefined

export function addressesThatCount({ loopback }: Pick<Required<AddressLimits>, 'loopback'>): AddressOf {
  return ({ remoteAddress = '' }) => {
    const address = remoteAddress.replace(/^::ffff:/, '')
    return isLoopback(address) && !loopback ? undefined : ipKeyGenerator(address)
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}
