/**
 * Rounds of a drand network of the quicknet scheme, over its HTTP interface (`<url>/public/<round>` and `/public/latest`,
 * where the url ends in the chain's hash: https://docs.drand.love/developer/http-api). Every relay is asked for the newest
 * round each period, first when it should just be there, so that one honest relay is enough. A round that was missed is
 * fetched when an epoch asks for it, from one relay after the other. Each is verified before it is kept.
 */

import { readBody } from '@granary/protocol/client'
import type { BeaconEntry } from '@granary/protocol/messages'
import type { Genesis } from '@granary/protocol/records'
import { hexToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'
import { roundTimeMs, verifyBeaconRound } from '../state/index.ts'
import type { BeaconSource } from './beacon-source.ts'
import type { Clock } from './clock/clock.ts'

export interface DrandBeaconOptions {
  /** Relays, asked in turn. */
  readonly urls: readonly string[]
  readonly beacon: Genesis['beacon']
  /** Says when to ask, and hears of each new round. */
  readonly clock: Pick<Clock, 'nowMs' | 'heard'>
  readonly log: (event: BeaconEvent) => void
  /** @default the platform's fetch */
  readonly fetch?: typeof fetch
  /** Between two attempts at a round; doubles up to its 16-fold. @default 250 */
  readonly retryMs?: number
}

export interface BeaconEvent {
  readonly type: 'beacon:missing' | 'beacon:wrong'
  readonly round: number | 'latest'
  readonly url: string
  readonly message: string
}

export interface DrandBeacon extends BeaconSource {
  /** Begins to ask for new rounds. */
  start(): void
  stop(): void
}

const TIMEOUT_MS = 3_000
const RETRY_MS = 250
/** After the time of a round, when a relay should have it. */
const EMISSION_MS = 100
/** While no time is known to ask at, and while the beacon is late by more than a period. */
const POLL_MS = 500
const RETRY_GROWTH_MAX = 16
/** Rounds that are fetched at a time; of more, those asked for first are given up and may be asked for again. */
const WANTED_MAX = 32
const KEPT_MAX = 256
const ANSWER_BYTES_MAX = 4_096

const answerOf = z.object({ round: z.int(), signature: z.string().regex(/^[0-9a-f]{96}$/) })

export function createDrandBeacon(options: DrandBeaconOptions): DrandBeacon {
  const { urls, beacon, clock, log, retryMs = RETRY_MS } = options
  const get = options.fetch ?? globalThis.fetch.bind(globalThis)
  const kept = new Map<number, BeaconEntry>()
  const wanted = new Map<number, AbortController>()
  const stopped = new AbortController()
  let newest: BeaconEntry | undefined
  /** A relay says which round is its newest: then rounds to come need not be asked for. */
  let isHeard = false

  /** @returns undefined when the newest round of the relay is one that is known */
  async function attempt(round: number | 'latest', url: string, signal: AbortSignal): Promise<BeaconEntry | undefined> {
    const response = await get(`${url.replace(/\/$/, '')}/public/${round}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (!response.ok) throw new Error(`answered ${response.status}`)
    const answer = answerOf.safeParse(jsonOf(await boundedBody(response)))
    if (!answer.success) throw new WrongRoundError('what it answered is no round of this scheme')
    const { round: given } = answer.data
    if (round !== 'latest' && given !== round) throw new WrongRoundError(`answered round ${given}`)
    if (round === 'latest' && newest !== undefined && given <= newest.round) return undefined
    const signature = hexToBytes(answer.data.signature)
    if (!verifyBeaconRound(beacon.publicKey, given, signature)) throw new WrongRoundError('its signature is not valid')
    return { round: given, signature }
  }

  /** Asks one relay for each new round; once another relay has brought it, for the one after that. */
  async function watch(url: string): Promise<void> {
    const { signal } = stopped
    let isAnswering = true
    while (!signal.aborted) {
      try {
        const entry = await attempt('latest', url, signal)
        if (entry !== undefined) keep(entry)
        isAnswering = true
        isHeard = true
      } catch (error) {
        if (signal.aborted) return
        // A relay that is away says so once.
        if (isAnswering || error instanceof WrongRoundError) tell('latest', url, error)
        isAnswering = false
      }
      await pause(untilNextMs(), signal)
    }
  }

  function untilNextMs(): number {
    const nowMs = clock.nowMs()
    if (nowMs === undefined || newest === undefined) return POLL_MS
    const dueInMs = roundTimeMs({ beacon }, newest.round + 1) + EMISSION_MS - nowMs
    if (dueInMs > 0) return dueInMs
    return dueInMs > -beacon.periodMs ? retryMs : Math.max(retryMs, POLL_MS)
  }

  function tell(round: number | 'latest', url: string, error: unknown): void {
    const type = error instanceof WrongRoundError ? 'beacon:wrong' : 'beacon:missing'
    log({ type, round, url, message: Error.isError(error) ? error.message : String(error) })
  }

  async function obtain(round: number, signal: AbortSignal): Promise<void> {
    const dueInMs = roundTimeMs({ beacon }, round) + EMISSION_MS - (clock.nowMs() ?? Number.POSITIVE_INFINITY)
    if (dueInMs > 0) await pause(dueInMs, signal)
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      const url = urls[attempts % urls.length]!
      try {
        const entry = await attempt(round, url, signal)
        if (entry !== undefined) keep(entry)
        return
      } catch (error) {
        if (signal.aborted) return
        tell(round, url, error)
      }
      await pause(retryMs * Math.min(2 ** Math.floor(attempts / urls.length), RETRY_GROWTH_MAX), signal)
    }
  }

  function keep(entry: BeaconEntry): void {
    if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value!)
    kept.set(entry.round, entry)
    if (newest !== undefined && entry.round <= newest.round) return
    newest = entry
    clock.heard(entry.round)
  }

  function want(round: number): void {
    if (kept.has(round) || wanted.has(round)) return
    // What nobody has yet comes by itself.
    if (isHeard && newest !== undefined && round > newest.round) return
    const [oldest] = wanted
    if (wanted.size >= WANTED_MAX && oldest !== undefined) {
      oldest[1].abort()
      wanted.delete(oldest[0])
    }
    const given = new AbortController()
    wanted.set(round, given)
    void obtain(round, given.signal).finally(() => {
      if (wanted.get(round) === given) wanted.delete(round)
    })
  }

  return {
    want,
    entry(round) {
      const entry = kept.get(round)
      if (entry === undefined) want(round)
      return entry
    },
    newest: () => newest,
    start() {
      for (const url of urls) void watch(url)
    },
    stop() {
      stopped.abort()
      for (const given of wanted.values()) given.abort()
    },
  }
}

class WrongRoundError extends Error {}

async function boundedBody(response: Response): Promise<string> {
  try {
    return await readBody(response, ANSWER_BYTES_MAX)
  } catch (error) {
    if (error instanceof RangeError) throw new WrongRoundError(`answered ${error.message}`)
    throw error
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    timer.unref()
    signal.addEventListener('abort', done, { once: true })
  })
}
