/**
 * The lines between one validator and all others, by relays of TCP on 127.0.0.1 that can be cut: what is sent then does not
 * arrive and nobody is told, as where packets are lost.
 */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

export interface CutLines {
  cut(): void
  /** What was sent meanwhile arrives. */
  mend(): void
  close(): void
}

interface Peer {
  readonly host: string
  port: number
}

interface NetworkFile {
  readonly p2p: Peer
  readonly peers: Peer[]
}

/** @param homes of validators that have not been started @param index of the one that can be cut off */
export async function layLines(homes: readonly string[], index: number): Promise<CutLines> {
  const gate = { isOpen: true, opened: Promise.withResolvers<void>() }
  const sockets = new Set<Socket>()
  const servers: ReturnType<typeof createServer>[] = []

  async function carry(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from) {
      if (!gate.isOpen) await gate.opened.promise
      if (!to.write(chunk as Buffer)) await once(to, 'drain')
    }
    to.end()
  }

  async function relayTo(port: number): Promise<number> {
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      const drop = (): void => {
        near.destroy()
        far.destroy()
      }
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', drop).on('close', () => sockets.delete(socket))
      }
      void carry(near, far).catch(drop)
      void carry(far, near).catch(drop)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
    return (server.address() as AddressInfo).port
  }

  const paths = homes.map((home) => join(home, 'chain', 'network.json'))
  const files = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as NetworkFile)
  const own = files[index]!
  const toOwn = await relayTo(own.p2p.port)
  const throughRelay = new Map(
    await Promise.all(own.peers.map(async ({ port }) => [port, await relayTo(port)] as const)),
  )
  for (const peer of own.peers) peer.port = throughRelay.get(peer.port)!
  for (const { peers } of files) for (const peer of peers) if (peer.port === own.p2p.port) peer.port = toOwn
  for (const [at, path] of paths.entries()) writeFileSync(path, JSON.stringify(files[at]))

  return {
    cut() {
      gate.isOpen = false
      gate.opened = Promise.withResolvers()
    },
    mend() {
      gate.isOpen = true
      gate.opened.resolve()
    },
    close() {
      for (const server of servers) server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
