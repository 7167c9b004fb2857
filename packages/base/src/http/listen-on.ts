/** Binding a server to its address, with errors that say what to do about a port or a host that cannot be had. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { GranaryError } from '../granary-error.ts'

/** The address cannot be listened on: PORT_IN_USE, PORT_FORBIDDEN or HOST_INVALID. */
export class ListenError extends GranaryError {}

/**
 * @param port: 0 for any free one
 * @throws ListenError
 */
export async function listenOn(server: Server, host: string, port: number): Promise<AddressInfo> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, host, port)
  }
  return server.address() as AddressInfo
}

export function urlOf(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

function listenError(cause: unknown, host: string, port: number): unknown {
  const rest = { details: { host, port }, cause }
  switch (Error.isError(cause) ? (cause as NodeJS.ErrnoException).code : undefined) {
    case 'EADDRINUSE':
      return new ListenError({
        code: 'PORT_IN_USE',
        message: `port ${port} on ${host} is in use by another program`,
        hint: 'stop that program, choose another port with --port, or 0 for any free one',
        ...rest,
      })
    // The operating system may keep a port to itself, as it does the low ones.
    case 'EACCES':
      return new ListenError({
        code: 'PORT_FORBIDDEN',
        message: `this user may not listen on port ${port} of ${host}`,
        hint: 'choose a port above 1023 with --port, or 0 for any free one',
        ...rest,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ListenError({
        code: 'HOST_INVALID',
        message: `${host} is not an address of this machine`,
        hint: 'give --host 127.0.0.1 for this machine alone, or 0.0.0.0 for all its networks',
        ...rest,
      })
    default:
      return cause
  }
}
