/**
 * Rounds of a drand network of the quicknet scheme, over its HTTP interface (`<url>/public/<round>`, where the url ends
 * in the chain's hash: https://docs.drand.love/developer/http-api). A round is fetched as soon as an epoch asks for it,
 * verified before it is kept, and fetched again, from the next relay, while it is missing or wrong.
 */
import { hexToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { type BeaconEntry, type Genesis, verifyBeaconRound } from '../state/index.ts'
import type { BeaconSource } from './create-embedded-engine.ts'

export interface DrandBeaconOptions {
  /** Relays, asked in turn. */
  readonly urls: readonly string[]
  readonly beacon: Genesis['beacon']
  readonly log: (event: BeaconEvent) => void
  /** @default the platform's fetch */
  readonly fetch?: typeof fetch
  /** Between two attempts at a round; doubles up to its 16-fold. @default 250 */
  readonly retryMs?: number
}

export interface BeaconEvent {
  readonly type: 'beacon:missing' | 'beacon:wrong'
  readonly round: number
  readonly url: string
  readonly message: string
}

export interface DrandBeacon extends BeaconSource {
  stop(): void
}

const TIMEOUT_MS = 3_000
const RETRY_MS = 250
const RETRY_GROWTH_MAX = 16
/** Rounds that are fetched at a time; of more, those asked for first are given up and may be asked for again. */
const WANTED_MAX = 32
const KEPT_MAX = 256
const ANSWER_BYTES_MAX = 4_096

const answerOf = z.object({ round: z.int(), signature: z.string().regex(/^[0-9a-f]{96}$/) })

export function createDrandBeacon(options: DrandBeaconOptions): DrandBeacon {
  const { urls, beacon, log, retryMs = RETRY_MS } = options
  const get = options.fetch ?? globalThis.fetch.bind(globalThis)
  const kept = new Map<number, BeaconEntry>()
  const wanted = new Map<number, AbortController>()

  async function attempt(round: number, url: string, signal: AbortSignal): Promise<BeaconEntry> {
    const response = await get(`${url.replace(/\/$/, '')}/public/${round}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (!response.ok) throw new Error(`answered ${response.status}`)
    const text = await response.text()
    if (text.length > ANSWER_BYTES_MAX) throw new WrongRoundError(`answered ${text.length} bytes`)
    const answer = answerOf.safeParse(jsonOf(text))
    if (!answer.success) throw new WrongRoundError('what it answered is no round of this scheme')
    if (answer.data.round !== round) throw new WrongRoundError(`answered round ${answer.data.round}`)
    const signature = hexToBytes(answer.data.signature)
    if (!verifyBeaconRound(beacon.publicKey, round, signature)) throw new WrongRoundError('its signature is not valid')
    return { round, signature }
  }

  async function obtain(round: number, signal: AbortSignal): Promise<void> {
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      const url = urls[attempts % urls.length]!
      try {
        keep(await attempt(round, url, signal))
        return
      } catch (error) {
        if (signal.aborted) return
        const type = error instanceof WrongRoundError ? 'beacon:wrong' : 'beacon:missing'
        log({ type, round, url, message: Error.isError(error) ? error.message : String(error) })
      }
      await pause(retryMs * Math.min(2 ** Math.floor(attempts / urls.length), RETRY_GROWTH_MAX), signal)
    }
  }

  function keep(entry: BeaconEntry): void {
    if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value!)
    kept.set(entry.round, entry)
  }

  function want(round: number): void {
    if (kept.has(round) || wanted.has(round)) return
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
    stop() {
      for (const given of wanted.values()) given.abort()
    },
  }
}

class WrongRoundError extends Error {}

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
