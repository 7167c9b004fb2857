/**
 * Bitswap over a libp2p node, of who serves blocks and asks nobody for one. What a peer wants is kept in the order in which it came,
 * and answered by one message after the other on one stream: the next is read while one is sent.
 */
import { parseCid } from '@granary/content'
import type { Libp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { parseWantList, type Want } from './bitswap-message.ts'
import type { AnsweredWants } from './dag-calls.ts'
import type { WantsReader } from './dag-thread.ts'
import { splitMessages } from './split-messages.ts'
import type { UntilTurn } from './turns.ts'

/** Told of each block that leaves. */
export type OnBlockServed = (cid: CID, bytes: number) => void

type Connection = ReturnType<Libp2p['getConnections']>[number]
type Stream = Awaited<ReturnType<Connection['newStream']>>

const PROTOCOL = '/ipfs/bitswap/1.2.0'
/** A peer asks again for what is still missing to it. */
const WANTS_MAX = 1024
/** Of a connection; Helia opens one for each message. */
const STREAMS_MAX = 64
/** Looked at for one message. */
const WANTS_AT_ONCE = 64
const SLICE_BYTES = 128 * 1024
/** A peer that takes nothing for so long gets no more. */
const SEND_MS_MAX = 30_000
/** Of what the streams of a connection have begun to say and not ended. */
const HALF_SAID_BYTES_MAX = 1024 * 1024
const MESSAGE_MS = 60_000
/** A stream of a peer that wants nothing is kept so long: Helia breaks one that is silent for ten seconds. */
const IDLE_MS = 2_000

interface Peer {
  readonly connection: Connection
  readonly wants: Map<string, Want>
  isServed: boolean
  halfSaidBytes: number
  stream?: Stream | undefined
  idle?: NodeJS.Timeout | undefined
}

export interface ServingOptions {
  readonly onServed: OnBlockServed
  readonly untilTurn: UntilTurn
  /** A stream that says nothing whole for so long is ended: who has more to say opens another. @default 60 s */
  readonly messageMs?: number
}

/** @returns what ends it */
export async function serveBitswap(
  libp2p: Libp2p,
  { wanted }: WantsReader,
  { onServed, untilTurn, messageMs = MESSAGE_MS }: ServingOptions,
): Promise<() => Promise<void>> {
  const peers = new WeakMap<Connection, Peer>()
  let isStopped = false

  function peerAt(connection: Connection): Peer {
    const known = peers.get(connection)
    if (known !== undefined) return known
    const peer: Peer = { connection, wants: new Map(), isServed: false, halfSaidBytes: 0 }
    peers.set(connection, peer)
    return peer
  }

  async function listen(stream: Stream, connection: Connection): Promise<void> {
    const peer = peerAt(connection)
    const late = setTimeout(() => stream.abort(new Error(`no message in ${messageMs} ms`)), messageMs).unref()
    let keptBytes = 0
    const keep = (bytes: number): void => {
      peer.halfSaidBytes += bytes - keptBytes
      keptBytes = bytes
      if (peer.halfSaidBytes > HALF_SAID_BYTES_MAX) stream.abort(new RangeError('too much is half said'))
    }
    try {
      // Nothing is said on it: answers have a stream of their own.
      await stream.close()
      for await (const message of splitMessages(partsOf(stream), keep)) {
        late.refresh()
        hear(peer, message)
      }
    } catch (error) {
      stream.abort(asError(error))
    } finally {
      clearTimeout(late)
      keep(0)
    }
  }

  function hear(peer: Peer, message: Uint8Array): void {
    const { isFull, wants, cancelled } = parseWantList(message)
    if (isFull) peer.wants.clear()
    for (const cid of cancelled) peer.wants.delete(cid)
    for (const want of wants)
      if (peer.wants.size < WANTS_MAX || peer.wants.has(want.cid)) peer.wants.set(want.cid, want)
    if (!peer.isServed) void serve(peer)
  }

  async function serve(peer: Peer): Promise<void> {
    peer.isServed = true
    clearTimeout(peer.idle)
    try {
      for (let coming = nextOf(peer); ; ) {
        const answer = await coming
        if (answer === undefined) break
        // Read while these are sent. Its failure is for the next turn, and may come before.
        coming = nextOf(peer)
        coming.catch(() => undefined)
        if (answer.bytes.length > 0) await send(peer, answer.bytes)
        for (const { cid, bytes } of answer.served) onServed(parseCid(cid), bytes)
      }
      peer.idle = setTimeout(() => hangUp(peer), IDLE_MS).unref()
    } catch (error) {
      // It asks again, on a new connection at the latest.
      peer.wants.clear()
      peer.stream?.abort(asError(error))
    }
    peer.isServed = false
    if (peer.wants.size > 0) void serve(peer)
  }

  /** Undefined when nothing is wanted. */
  async function nextOf({ wants, connection }: Peer): Promise<AnsweredWants | undefined> {
    if (isStopped || connection.status !== 'open') wants.clear()
    if (wants.size === 0) return undefined
    const asked = wants.values().take(WANTS_AT_ONCE).toArray()
    const answer = await wanted(asked)
    // What has been asked for in another way meanwhile is answered again.
    for (const want of asked.slice(0, answer.answered)) if (wants.get(want.cid) === want) wants.delete(want.cid)
    return answer
  }

  async function send(peer: Peer, message: Uint8Array): Promise<void> {
    if (peer.stream?.writeStatus !== 'writable')
      peer.stream = await peer.connection.newStream(PROTOCOL, { signal: AbortSignal.timeout(SEND_MS_MAX) })
    const { stream } = peer
    for (let at = 0; at < message.length; at += SLICE_BYTES) {
      const slice = message.subarray(at, at + SLICE_BYTES)
      await untilTurn(slice.length)
      if (!stream.send(slice)) await stream.onDrain({ signal: AbortSignal.timeout(SEND_MS_MAX) })
    }
  }

  await libp2p.handle(PROTOCOL, listen, { maxInboundStreams: STREAMS_MAX })
  return async () => {
    isStopped = true
    await libp2p.unhandle(PROTOCOL)
  }
}

function hangUp(peer: Peer): void {
  peer.stream?.close().catch(() => undefined)
  peer.stream = undefined
}

/** Left off without a word: to end it, libp2p would wait for the peer's end, and what ends it here is `abort`. */
function partsOf(stream: Stream): AsyncIterable<{ subarray(): Uint8Array }> {
  const parts = stream[Symbol.asyncIterator]()
  return { [Symbol.asyncIterator]: () => ({ next: () => parts.next() }) }
}

function asError(error: unknown): Error {
  return Error.isError(error) ? error : new Error(String(error))
}
