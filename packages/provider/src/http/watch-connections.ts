/**
 * What connections may hold of this provider: so many for each address and in all, and none whose other end keeps it
 * waiting. A reader of one byte a second, an upload that never comes and a connection that says nothing are the same: while
 * the provider waits for them, less moves than anybody's line can. ADR 35.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { type AddressOf, createPlaces } from '@granary/chain/limits'

export interface ConnectionLimits {
  readonly addressOf: AddressOf
  /** Of each address. */
  readonly connections: number
  /** What has to move while it is waited for. @default 64 KiB */
  readonly slowBytes?: number
  /** In this time. @default 30 s */
  readonly slowMs?: number
  /** Told what has moved, either way. */
  readonly onBytes?: (address: string | undefined, bytes: number) => void
}

export interface WatchedConnections {
  /** Ends the one that has been waited for the longest, when there is one: others want its place. */
  endSlowest(): void
  stop(): void
}

interface Watched {
  readonly address: string | undefined
  request?: IncomingMessage
  /** Requests that are not answered to their end. */
  answering: number
  /** What had moved when it was not waited for the last time, or was fast enough. */
  movedBefore: number
  sinceMs: number
  told: number
}

export const SLOW_MS = 30_000
const SLOW_BYTES = 64 * 1024
const CONNECTIONS_MAX = 1_024
const CHECKS_A_WINDOW = 6

export function watchConnections(server: Server, limits: ConnectionLimits): WatchedConnections {
  const { addressOf, connections, slowBytes = SLOW_BYTES, slowMs = SLOW_MS, onBytes = () => undefined } = limits
  const places = createPlaces(connections)
  const open = new Map<Socket, Watched>()
  server.maxConnections = CONNECTIONS_MAX

  server.on('connection', (socket) => {
    const address = addressOf(socket)
    const giveBack = places.take(address)
    if (giveBack === undefined) return void socket.destroy()
    open.set(socket, { address, answering: 0, movedBefore: 0, sinceMs: performance.now(), told: 0 })
    socket.once('close', () => {
      giveBack()
      tell(socket)
      open.delete(socket)
    })
  })
  server.on('request', (request, response) => {
    const watched = open.get(request.socket)
    if (watched === undefined) return
    watched.request = request
    watched.answering += 1
    response.once('close', () => {
      tell(request.socket)
      watched.answering -= 1
      watched.sinceMs = performance.now()
    })
  })

  function tell(socket: Socket): void {
    const watched = open.get(socket)
    if (watched === undefined) return
    const moved = movedOn(socket)
    onBytes(watched.address, moved - watched.told)
    watched.told = moved
  }

  function check(): void {
    const nowMs = performance.now()
    for (const [socket, watched] of open) {
      tell(socket)
      const moved = movedOn(socket)
      const isFast = moved - watched.movedBefore >= slowBytes
      if (waitsForPeer(socket, watched) && !isFast && nowMs - watched.sinceMs >= slowMs) socket.destroy()
      if (waitsForPeer(socket, watched) && !isFast) continue
      watched.movedBefore = moved
      watched.sinceMs = nowMs
    }
  }

  const timer = setInterval(check, slowMs / CHECKS_A_WINDOW)
  timer.unref()
  return {
    endSlowest: () => {
      const waitedFor = [...open].filter(([socket, watched]) => waitsForPeer(socket, watched))
      const [slowest] = waitedFor.toSorted(([, one], [, other]) => one.sinceMs - other.sinceMs)
      const isSlow = slowest !== undefined && performance.now() - slowest[1].sinceMs >= slowMs / CHECKS_A_WINDOW
      if (isSlow) slowest[0].destroy()
    },
    stop: () => clearInterval(timer),
  }
}

/** Both ways; what lies in this process and has not gone out does not count. */
function movedOn(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength
}

/** Something is ready to be sent that is not taken, or to be read that does not come: a next request, too. */
function waitsForPeer(socket: Socket, { request, answering }: Watched): boolean {
  const isArriving = request !== undefined && !request.complete && request.readableLength === 0
  return answering === 0 || socket.writableLength > 0 || isArriving
}
