/** A slow line to a server: a TCP relay on 127.0.0.1 that counts what it carries and lets only so much through at a time. */
import { connect, createServer } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

export interface SlowLine {
  readonly url: string
  /** Bytes carried towards the server so far. */
  readonly sent: () => number
  /** Resolves once that many bytes have gone towards the server. */
  readonly carried: (bytes: number) => Promise<void>
}

export async function createSlowLine(options: {
  port: () => number
  bytesPerSecond: number
  signal: AbortSignal
}): Promise<SlowLine> {
  const state = { sent: 0 }
  const waiting = new Set<{ bytes: number; resolve: () => void }>()
  const server = createServer((client) => {
    const upstream = connect(options.port(), '127.0.0.1')
    const slow = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        state.sent += chunk.length
        for (const entry of [...waiting]) {
          if (state.sent < entry.bytes) continue
          waiting.delete(entry)
          entry.resolve()
        }
        void wait((chunk.length / options.bytesPerSecond) * 1000).then(() => done(null, chunk))
      },
    })
    client.pipe(slow).pipe(upstream).pipe(client)
    const drop = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      socket.on('error', drop)
      socket.on('close', drop)
      options.signal.addEventListener('abort', drop, { once: true })
    }
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', signal: options.signal }, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    sent: () => state.sent,
    carried: (bytes) =>
      state.sent >= bytes ? Promise.resolve() : new Promise((resolve) => waiting.add({ bytes, resolve })),
  }
}
