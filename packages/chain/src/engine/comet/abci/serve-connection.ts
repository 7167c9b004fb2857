/**
 * One connection of CometBFT: frames of `uvarint length ‖ Request`, each answered by one frame, in their order (ABCI 2.0
 * over a socket). A call begins when the one before it has ended; transactions are checked side by side, so that their
 * signatures are verified on several threads. What is asked faster than it is answered stays in the socket.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import { decode, encode } from 'it-length-prefixed'
import type { AbciApplication, AbciCall } from './application.ts'

/** Of a frame: a proposal of a whole block, or a genesis with all its accounts, fits. */
export const FRAME_BYTES_MAX: number = 64 * 2 ** 20
/** Requests of a connection that are read and not answered. */
const IN_FLIGHT_MAX = 1_024

export interface Connection {
  readonly application: AbciApplication
  /** The application has failed: it was said to CometBFT, which stops. */
  readonly onFault: (call: AbciCall | undefined, error: unknown) => void
}

/** Resolves when the other side has gone or broken the rules, and all that was begun has ended. Never rejects. */
export async function serveConnection(socket: Socket, { application, onFault }: Connection): Promise<void> {
  let last: Promise<void> = Promise.resolve()
  let inFlight = 0
  let room = Promise.withResolvers<void>()
  let broken = false
  let held = false

  /** Never rejects: what fails is an answer. */
  async function answerTo(call: AbciCall | undefined, run: () => unknown): Promise<Partial<Response>> {
    try {
      return { [call ?? 'exception']: await run() }
    } catch (error) {
      broken = true
      onFault(call, error)
      return { exception: { error: Error.isError(error) ? error.message : String(error) } }
    }
  }

  function begin(request: Request, after: Promise<void>): Promise<Partial<Response>> {
    const [call] = Object.entries(request).find(([, value]) => value !== undefined) ?? []
    if (request.echo !== undefined) return Promise.resolve({ echo: { message: request.echo.message } })
    if (request.flush !== undefined) return Promise.resolve({ flush: {} })
    if (request.checkTx !== undefined) return answerTo('checkTx', () => application.checkTx(request.checkTx!))
    if (!isCall(call, application)) {
      const unknown = new TypeError('a request of a kind that ABCI 2.0 does not have')
      return after.then(() => answerTo(undefined, () => Promise.reject(unknown)))
    }
    const run = application[call] as (request: unknown) => unknown
    return after.then(() => answerTo(call, () => run(request[call])))
  }

  /** Answers that are ready together leave together: each alone costs the system as much. */
  function holdUntilAllAreReady(): void {
    if (held) return
    held = true
    socket.cork()
    setImmediate(() => {
      held = false
      socket.uncork()
    })
  }

  async function reply(answer: Promise<Partial<Response>>, before: Promise<void>): Promise<void> {
    const [response] = await Promise.all([answer, before])
    if (socket.writable) {
      const frame = encode.single(Response.encode(Response.fromPartial(response)).finish())
      holdUntilAllAreReady()
      const flows = socket.write(frame.subarray())
      if (response.exception !== undefined) socket.end()
      else if (!flows) await drained(socket)
    }
    inFlight -= 1
    room.resolve()
  }

  // What is written to a connection that has gone fails later, when nobody waits for it.
  socket.on('error', () => undefined)
  try {
    for await (const frame of decode(socket, { maxDataLength: FRAME_BYTES_MAX })) {
      // CometBFT has been told that it is over, and goes.
      if (broken) continue
      const request = Request.decode(frame.subarray())
      inFlight += 1
      last = reply(begin(request, last), last)
      while (inFlight >= IN_FLIGHT_MAX && !socket.destroyed) {
        room = Promise.withResolvers()
        await room.promise
      }
    }
  } catch (error) {
    // A connection that is cut off is no fault of the application; a frame that nobody understands is.
    if (!isConnectionEnd(error)) onFault(undefined, error)
  }
  await last
  socket.uncork()
  socket.destroy()
}

/** Also when the other side goes without reading on. */
async function drained(socket: Socket): Promise<void> {
  const over = new AbortController()
  const either = ['drain', 'close'].map((event) => once(socket, event, { signal: over.signal }))
  await Promise.race(either).catch(() => undefined)
  over.abort()
  await Promise.allSettled(either)
}

function isCall(name: string | undefined, application: AbciApplication): name is AbciCall {
  return name !== undefined && Object.hasOwn(application, name)
}

function isConnectionEnd(error: unknown): boolean {
  const { code, name } = Error.isError(error) ? (error as NodeJS.ErrnoException) : { code: undefined, name: undefined }
  return (
    code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || name === 'UnexpectedEOFError'
  )
}
