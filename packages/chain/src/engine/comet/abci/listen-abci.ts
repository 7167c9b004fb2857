/** Where CometBFT finds its application: a socket in a folder that nobody else may enter, since who speaks to it makes blocks. */
import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { GranaryError } from '@granary/base'
import type { AbciApplication } from './application.ts'
import { type Connection, serveConnection } from './serve-connection.ts'

export interface AbciListenerParts {
  readonly application: AbciApplication
  /** Of the socket, in a folder that is there. */
  readonly path: string
  readonly onFault: Connection['onFault']
}

export interface AbciListener {
  /** As CometBFT's `proxy_app` wants it. */
  readonly address: string
  /** Ends the connections, waits for what was begun on them, and removes the socket. */
  close(): Promise<void>
}

/** What `sockaddr_un` has room for on Linux and macOS, its closing zero not counted. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

/** @throws GranaryError HOME_LOCKED, SOCKET_PATH_TOO_LONG */
export async function listenAbci({ application, path, onFault }: AbciListenerParts): Promise<AbciListener> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) throw new SocketPathTooLongError(path)
  if (await isServed(path)) throw new SocketInUseError(path)
  // A killed application leaves its socket, on which nobody could listen again.
  await rm(path, { force: true })
  await chmod(dirname(path), 0o700)
  const connections = new Map<Socket, Promise<void>>()
  const server = createServer((socket) => {
    const served = serveConnection(socket, { application, onFault })
    connections.set(socket, served)
    void served.then(() => connections.delete(socket))
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    address: `unix://${path}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const serving = [...connections.values()]
      for (const socket of connections.keys()) socket.destroy()
      await Promise.all([closed, ...serving])
    },
  }
}

async function isServed(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

class SocketInUseError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_LOCKED',
      message: `another program answers on ${path}`,
      hint: 'a node of this home runs already: stop it, or choose another --home',
      details: { path },
    })
  }
}

class SocketPathTooLongError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'SOCKET_PATH_TOO_LONG',
      message: `the path of a socket has at most ${PATH_BYTES_MAX} bytes, and ${path} has ${Buffer.byteLength(path)}`,
      hint: 'choose a --home with a shorter path',
      details: { path, bytesMax: PATH_BYTES_MAX },
    })
  }
}
