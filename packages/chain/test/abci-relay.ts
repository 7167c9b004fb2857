/**
 * Stands between CometBFT and its application, knows each call that goes by, and can hold one: who is killed then dies at a known
 * point of a block.
 */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import { decode, encode } from 'it-length-prefixed'
import type { AbciCall } from '../src/engine/comet/abci/application.ts'
import { FRAME_BYTES_MAX } from '../src/engine/comet/abci/serve-connection.ts'

export interface AbciPoint {
  readonly call: AbciCall
  /** `asked` and `answered`: it is known here and goes no further. `begun` and `told`: it has just gone on to the other side. */
  readonly moment: 'asked' | 'begun' | 'answered' | 'told'
}

export interface AbciRelay {
  /** Resolves at the next call of that kind; nothing more passes on its connection until one of the two sides has gone. */
  reached(point: AbciPoint): Promise<void>
  close(): Promise<void>
}

/** @param path of the socket that CometBFT finds @param application of its own */
export async function startAbciRelay(path: string, application: string): Promise<AbciRelay> {
  let wanted: { readonly point: AbciPoint; readonly resolve: () => void } | undefined
  const sockets = new Set<Socket>()

  function isReached(call: string | undefined, moment: AbciPoint['moment']): boolean {
    if (wanted?.point.call !== call || wanted?.point.moment !== moment) return false
    wanted.resolve()
    wanted = undefined
    return true
  }

  async function carry(from: Socket, to: Socket, kind: typeof Request | typeof Response): Promise<void> {
    const [before, after] = kind === Request ? (['asked', 'begun'] as const) : (['answered', 'told'] as const)
    for await (const frame of decode(from, { maxDataLength: FRAME_BYTES_MAX })) {
      const message = kind.decode(frame.subarray())
      const [call] = Object.entries(message).find(([, value]) => value !== undefined) ?? []
      if (isReached(call, before)) return await once(from, 'close').then(() => undefined)
      to.write(encode.single(frame).subarray())
      if (isReached(call, after)) return await once(from, 'close').then(() => undefined)
    }
  }

  rmSync(path, { force: true })
  const server = createServer((comet) => {
    const app = connect(application)
    for (const socket of [comet, app]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        comet.destroy()
        app.destroy()
      })
    }
    // That one of them has been killed is what this is for.
    void carry(comet, app, Request).catch(() => comet.destroy())
    void carry(app, comet, Response).catch(() => app.destroy())
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    reached: (point) => new Promise((resolve) => (wanted = { point, resolve })),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
