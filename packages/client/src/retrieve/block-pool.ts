/**
 * The block that a walk of the DAG needs next, from whoever gives it first. CARs of what is being walked run ahead of the walk;
 * where one ends, stalls, lies or leaves something out, another holder is asked from that very place on, or for the single
 * block. Nobody need have the whole. Each block was hashed before it is given out, whoever sent it.
 */
import type { GranaryError } from '@granary/base'
import { type BlockReader, type CID, inlineBytes, multihashKey } from '@granary/content'
import type { Ports } from '../ports.ts'
import type { Asked } from '../providers/request-json.ts'
import { type BlockStream, type HeldBlock, noAnswerInTime, openBlockStream } from './block-stream.ts'
import { AnswerOrderError, endedText, RetrievalFailedError, type RetrievalFailure } from './errors.ts'
import type { HolderState } from './holder-state.ts'

/** The part of the content that a walk is at, as a CAR of it is asked for. */
export interface CarRequest {
  /** A CID, with names below it. */
  readonly path: string
  readonly scope: 'all' | 'entity'
  /** Of a file: from this byte on. */
  readonly from?: number
  /** Up to, and without, this byte. @default the end */
  readonly to?: number | undefined
}

export type PoolEvent =
  | { readonly type: 'trying'; readonly holder: HolderState }
  | { readonly type: 'failed'; readonly holder: HolderState; readonly code: string; readonly message: string }

export interface PoolInput {
  readonly ports: Pick<Ports, 'clock' | 'fetch'>
  /** What is fetched, for errors. */
  readonly cid: string
  /** In the order in which they are asked. */
  readonly holders: readonly HolderState[]
  readonly signal: AbortSignal | undefined
  readonly onEvent: (event: PoolEvent) => void
}

export interface BlockPool {
  /** @param requestOf the part of the content that the walk is at when it needs that block; none: that block is needed alone */
  reader(requestOf: (cid: CID) => CarRequest | undefined): BlockReader
  /** Ends all that is still coming. */
  close(): void
}

type Kind = 'car' | 'raw'

interface Attempt {
  readonly holder: HolderState
  readonly kind: Kind
  readonly url: string
  /** Of a single block. */
  readonly key: string | undefined
  readonly stream: BlockStream
  readonly openedMs: number
  /** Bytes of blocks that were needed. */
  delivered: number
  /** Blocks since the last that was needed, each known already. */
  strays: number
  /** Blocks that others had to give while this one had something else. */
  misses: number
  /** It was silent for so long that another was asked as well, and has given nothing since. */
  isLate: boolean
}

/** Two are asked at once, for as long as it takes to see which is faster. */
const RACERS = 2
const RACE_BYTES = 1 << 20
/** So long nothing comes before another holder is asked as well; whoever is first ends those who are silent still. */
const STALL_MS = 2_000
/** Who has failed for a while only, such as a provider that starts again, is asked once more after so long. */
const ROUND_PAUSE_MS = 1_000
/** A block that takes longer has its slowest holder give way to one that was not asked yet, as long as there is one. */
const BLOCK_MAX_MS = 15_000
/** A CAR that begins in the middle begins with what leads there; one that has more than that of what is known is no help. */
const STRAYS_MAX = 4_096
/** A CAR without duplicates leaves out what it has sent before; one that leaves out more in a row is another. */
const MISSES_MAX = 8
/** Lies after which a holder is asked no more. */
const STRIKES_MAX = 3
/** Blocks that are at hand again: what a file repeats, and what a walk reads twice. */
const CACHE_BYTES_MAX = 16 << 20
const KNOWN_KEYS_MAX = 8_192

export function createBlockPool(input: PoolInput): BlockPool {
  const pool = new Pool(input)
  return {
    reader: (requestOf) => ({
      async *get(cid) {
        yield inlineBytes(cid) ?? (await pool.block(cid, requestOf(cid)))
      },
    }),
    close: () => pool.close(),
  }
}

/** One search for one block. */
interface Want {
  readonly cid: CID
  readonly key: string
  readonly request: CarRequest | undefined
  readonly beganMs: number
  tried: { readonly holder: HolderState; readonly kind: Kind }[]
  /** Everybody has failed, and who had failed for a while only is asked once more. */
  isSecondRound: boolean
  /** What each attempt had received when it was first looked at for this block. */
  readonly marks: Map<Attempt, { readonly received: number; readonly atMs: number }>
}

class Pool {
  readonly #input: PoolInput
  readonly #cache = new Map<string, Uint8Array>()
  readonly #known = new Set<string>()
  #cachedBytes = 0
  #attempts: Attempt[] = []
  #changed = Promise.withResolvers<void>()

  constructor(input: PoolInput) {
    this.#input = input
  }

  close(): void {
    for (const { stream } of this.#attempts) stream.close()
    this.#attempts = []
  }

  async block(cid: CID, request: CarRequest | undefined): Promise<Uint8Array> {
    const { signal, ports } = this.#input
    const key = multihashKey(cid)
    const want: Want = {
      cid,
      key,
      request,
      beganMs: ports.clock.nowMs(),
      tried: [],
      isSecondRound: false,
      marks: new Map(),
    }
    let heardMs = want.beganMs
    let seen = 0
    for (;;) {
      signal?.throwIfAborted()
      const changed = this.#changed.promise
      const bytes = this.#cached(key) ?? this.#take(want)
      if (bytes !== undefined) return bytes
      this.#dropEnded(want)
      const nowMs = ports.clock.nowMs()
      const live = this.#attempts.filter((attempt) => mayGive(attempt, key))
      const received = live.reduce((sum, { stream }) => sum + stream.received, 0)
      if (received !== seen || live.length === 0) heardMs = nowMs
      seen = received
      if (live.length === 0) {
        const opened = this.#open(want, this.#racers(want))
        const isWaiting = this.#attempts.some(({ stream }) => stream.state === 'waiting')
        if (opened === 0 && !isWaiting && !(await this.#again(want))) throw this.#failed(want)
      } else if (nowMs - heardMs >= STALL_MS || live.every(({ isLate }) => isLate)) {
        heardMs = nowMs
        for (const attempt of live) attempt.isLate = true
        this.#open(want, 1)
      } else if (live.length >= RACERS) this.#relieve(want, live, nowMs)
      else if (nowMs - want.beganMs >= BLOCK_MAX_MS) this.#open(want, 1)
      await this.#change(changed, STALL_MS)
    }
  }

  #cached(key: string): Uint8Array | undefined {
    const bytes = this.#cache.get(key)
    if (bytes === undefined) return undefined
    this.#cache.delete(key)
    this.#cache.set(key, bytes)
    return bytes
  }

  #keep(key: string, bytes: Uint8Array): void {
    if (this.#cache.has(key)) return
    this.#cache.set(key, bytes)
    this.#cachedBytes += bytes.length
    for (const [oldest, { length }] of this.#cache) {
      if (this.#cachedBytes <= CACHE_BYTES_MAX) break
      this.#cache.delete(oldest)
      this.#cachedBytes -= length
    }
    this.#known.add(key)
    if (this.#known.size <= KNOWN_KEYS_MAX) return
    for (const oldest of this.#known) {
      this.#known.delete(oldest)
      break
    }
  }

  /** The block, where it is the next of a stream. */
  #take({ key, cid }: Want): Uint8Array | undefined {
    for (const attempt of [...this.#attempts]) {
      const { stream, holder } = attempt
      for (let head = stream.head; head !== undefined; head = stream.head) {
        if (head.key === key) {
          this.#credit(attempt, head)
          stream.take()
          this.#keep(key, head.bytes)
          return head.bytes
        }
        if (!this.#known.has(head.key)) break
        stream.take()
        attempt.strays += 1
        if (attempt.strays > STRAYS_MAX) {
          this.#drop(attempt)
          this.#blame(holder, new AnswerOrderError(attempt.url, cid.toString()))
          break
        }
      }
    }
    return undefined
  }

  #credit(winner: Attempt, { key, bytes: { length } }: HeldBlock): void {
    const { holder } = winner
    if (winner.delivered === 0) {
      const tookMs = this.#input.ports.clock.nowMs() - winner.openedMs
      holder.latencyMs = holder.latencyMs === undefined ? tookMs : (holder.latencyMs + tookMs) / 2
    }
    holder.seenMs = this.#input.ports.clock.nowMs()
    winner.delivered += length
    winner.strays = 0
    winner.misses = 0
    winner.isLate = false
    holder.isAway = false
    holder.bytes += length
    holder.blocks += 1
    holder.misfortunes = 0
    for (const other of [...this.#attempts]) {
      if (other === winner) continue
      const isLoser = winner.kind === 'car' && winner.delivered >= RACE_BYTES && other.kind === 'car'
      const isAstray =
        other.kind === 'car' && other.stream.head !== undefined && !this.#known.has(other.stream.head.key)
      if (isAstray) other.misses += 1
      if (other.isLate && mayGive(other, key)) this.#cut(other, holder)
      else if (isLoser || other.misses > MISSES_MAX) this.#drop(other)
    }
  }

  /** What has ended has nothing more to take; why it ended is its holder's, unless it has given what it has. */
  #dropEnded({ cid, request }: Want): void {
    for (const attempt of [...this.#attempts]) {
      const { stream, holder, delivered, url, kind } = attempt
      if (stream.state !== 'ended' || stream.head !== undefined) continue
      const failure = stream.failure ?? (delivered === 0 ? new AnswerOrderError(url, cid.toString()) : undefined)
      // That is right of a path that was mistyped: who says so is to blame once the walk has come beyond it.
      if (failure?.code === 'PATH_NOT_FOUND' && kind === 'car' && request?.path.includes('/')) {
        holder.failure = failure
        continue
      }
      this.#drop(attempt)
      if (failure !== undefined) this.#blame(holder, failure)
    }
  }

  /** In place of the slowest of those who are too slow all together, the next is asked; the fastest goes on. */
  #relieve(want: Want, live: readonly Attempt[], nowMs: number): void {
    for (const attempt of live)
      if (!want.marks.has(attempt)) want.marks.set(attempt, { received: attempt.stream.received, atMs: nowMs })
    const sinceMs = Math.max(...live.map((attempt) => want.marks.get(attempt)?.atMs ?? nowMs))
    if (nowMs - sinceMs < BLOCK_MAX_MS || this.#candidates(want).length === 0) return
    const paceOf = (attempt: Attempt): number => {
      const { received, atMs } = want.marks.get(attempt) ?? { received: 0, atMs: 0 }
      return (attempt.stream.received - received) / (nowMs - atMs)
    }
    const slowest = live.reduce((slow, other) => (paceOf(other) < paceOf(slow) ? other : slow))
    this.#cut(slowest)
    this.#open(want, 1)
  }

  /** @param by who was faster: itself, over another connection, is not to blame */
  #cut(attempt: Attempt, by?: HolderState): void {
    const { holder, url } = attempt
    this.#drop(attempt)
    if (holder !== by) this.#blame(holder, noAnswerInTime({ url, asked: askedOf(holder) }))
  }

  #drop(attempt: Attempt): void {
    attempt.stream.close()
    this.#attempts = this.#attempts.filter((other) => other !== attempt)
  }

  #blame(holder: HolderState, { code, message, retryable }: GranaryError): void {
    holder.misfortunes += 1
    holder.seenMs = this.#input.ports.clock.nowMs()
    if (lies.has(code)) holder.strikes += 1
    const isNews = holder.failure?.code !== code
    holder.failure = { code, message, retryable }
    holder.isAway = code === 'PROVIDER_UNREACHABLE'
    if (isNews) this.#input.onEvent({ type: 'failed', holder, code, message: `${message}${endedText(holder.ended)}` })
  }

  /** Of whom nothing is known yet, or after a failure, two are asked at once. */
  #racers({ tried }: Want): number {
    const isKnown = this.#input.holders.some(({ latencyMs }) => latencyMs !== undefined)
    return isKnown && tried.length === 0 ? 1 : RACERS
  }

  /** Asks up to so many more holders, of one sort and for one thing. @returns how many it was */
  #open(want: Want, count: number): number {
    const candidates = this.#candidates(want)
    const [first] = candidates
    const alike = candidates.filter(({ kind, tier }) => kind === first?.kind && tier === first.tier)
    const chosen = alike.slice(0, first?.kind === 'raw' ? 1 : count)
    for (const { holder, kind } of chosen) this.#ask(want, holder, kind)
    return chosen.length
  }

  /** In the order in which they are asked: a CAR that is astray has had the block, and its holder gives it alone. */
  #candidates({ key, tried, request }: Want): { holder: HolderState; kind: Kind; tier: number }[] {
    const isAstray = this.#attempts.some(({ kind, stream }) => kind === 'car' && stream.head !== undefined)
    const kinds: readonly Kind[] = request === undefined ? ['raw'] : isAstray ? ['raw', 'car'] : ['car', 'raw']
    const holdersWho = (does: (attempt: Attempt) => boolean): HolderState[] =>
      this.#attempts.filter(does).map(({ holder }) => holder)
    // Who has said when to come back is asked again by its own stream.
    const waiting = holdersWho(({ stream }) => stream.state === 'waiting')
    // Who owes an answer is asked for another when nobody else is left.
    const owing = holdersWho((attempt) => mayGive(attempt, key))
    const able = this.#input.holders.filter((holder) => holder.strikes < STRIKES_MAX && !waiting.includes(holder))
    const ranked = able.toSorted(byMerit)
    const isTried = (holder: HolderState, kind: Kind): boolean =>
      tried.some((one) => one.holder === holder && one.kind === kind)
    return kinds
      .flatMap((kind) =>
        ranked.map((holder) => ({ holder, kind, tier: owing.includes(holder) ? OWING : tierOf(holder) })),
      )
      .filter(
        ({ holder, kind }) =>
          // Who does not answer for a CAR does not answer for a block either.
          !isTried(holder, kind) && !(kind === 'raw' && holder.isAway && isTried(holder, 'car')),
      )
      .sort((a, b) => a.tier - b.tier)
  }

  #ask(want: Want, holder: HolderState, kind: Kind): void {
    want.tried.push({ holder, kind })
    if (!holder.isAsked) this.#input.onEvent({ type: 'trying', holder })
    holder.isAsked = true
    const path = kind === 'raw' || want.request === undefined ? `${want.cid}?format=raw` : carPath(want.request)
    const url = `${holder.gateway ?? holder.endpoint}/ipfs/${path}`
    const { ports } = this.#input
    const stream = openBlockStream(
      ports,
      {
        url,
        asked: askedOf(holder),
        ...(kind === 'raw' ? { cid: want.cid } : {}),
      },
      () => this.#wake(),
    )
    const key = kind === 'raw' ? want.key : undefined
    this.#attempts.push({
      ...{ holder, kind, url, key, stream, openedMs: ports.clock.nowMs() },
      ...{ delivered: 0, strays: 0, misses: 0, isLate: false },
    })
  }

  /** @returns whether there is anybody to ask once more, after a moment */
  async #again(want: Want): Promise<boolean> {
    const { ports, signal } = this.#input
    const isPassing = ({ failure, strikes, isNew }: HolderState) =>
      (failure?.retryable || isNew) && strikes < STRIKES_MAX
    const left = want.tried.filter(({ holder }) => !isPassing(holder))
    if (want.isSecondRound || left.length === want.tried.length) return false
    want.isSecondRound = true
    await ports.clock.sleep(ROUND_PAUSE_MS, signal)
    want.tried = left
    return true
  }

  #failed({ tried }: Want): RetrievalFailedError {
    const asked = this.#input.holders.filter(
      (holder) => holder.strikes >= STRIKES_MAX || tried.some((one) => one.holder === holder),
    )
    return new RetrievalFailedError(this.#input.cid, asked.map(failureOf))
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #change(changed: Promise<void>, withinMs: number): Promise<void> {
    const { signal, ports } = this.#input
    const wake = () => this.#wake()
    using _timer = ports.clock.after(withinMs, wake)
    signal?.addEventListener('abort', wake)
    await changed
    signal?.removeEventListener('abort', wake)
  }
}

/** What a holder can only send if it, or somebody on the way, does not keep to what it was asked. */
const lies: ReadonlySet<string> = new Set(['BLOCK_HASH_MISMATCH', 'CAR_INVALID', 'CAR_ORDER'])

/** Whether the block may still come from there. */
function mayGive({ kind, key, stream }: Attempt, wanted: string): boolean {
  if (stream.state === 'ended' || stream.state === 'waiting' || stream.head !== undefined) return false
  return kind === 'car' || key === wanted
}

function askedOf({ provider }: HolderState): Asked {
  return provider === undefined ? 'gateway' : 'provider'
}

const OWING = 4

/** Who is bound by a deal; who was; who never was; who was away when last asked. */
function tierOf({ provider, ended, isAway }: HolderState): number {
  if (isAway) return 3
  if (provider === undefined) return 2
  return ended === undefined ? 0 : 1
}

/** Who has not lied; whose deal binds it; who has given most lately, and soonest. */
function byMerit(a: HolderState, b: HolderState): number {
  const latency = ({ latencyMs }: HolderState): number => latencyMs ?? Number.MAX_SAFE_INTEGER
  return a.strikes - b.strikes || a.rank - b.rank || a.misfortunes - b.misfortunes || latency(a) - latency(b)
}

function carPath({ path, scope, from, to }: CarRequest): string {
  const range = from === undefined ? '' : `&entity-bytes=${from}:${to === undefined ? '*' : to - 1}`
  return `${path}?format=car&dag-scope=${scope}${range}`
}

function failureOf({ provider, endpoint, failure, ended }: HolderState): RetrievalFailure {
  const { code, message, retryable } = failure ?? { code: 'FAILED', message: 'no answer', retryable: true }
  const who = provider === undefined ? {} : { provider }
  return { ...who, endpoint, code, message, retryable, ...(ended === undefined ? {} : { ended }) }
}
