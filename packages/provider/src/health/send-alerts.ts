/**
 * Alerts by webhook: each that begins or is over is sent to the address that the owner names, as the line of the log that it is.
 * It is sent in order, tried again for a while, and of what waits the oldest is dropped: an address that does not answer costs
 * neither memory nor a proof. It is not signed; who wants to know that it comes from here puts a word into the address, and an
 * alert holds no secret.
 */
import { isAbortError, sleep } from '@granary/base'
import type { Log } from '../log.ts'

export interface AlertSender {
  /** Each line of the log; what is no alert is left alone. */
  readonly observe: Log
  stop(): Promise<void>
}

export interface AlertSenderOptions {
  /** As it is now; undefined: nobody is told. */
  readonly url: () => string | undefined
  readonly log: Log
  /** @default one second, doubled each time */
  readonly retryMs?: number
}

const WAITING_MAX = 100
const TRIES = 6
const RETRY_MS = 1_000
const ANSWER_MS = 10_000

export function createAlertSender({ url, log, retryMs = RETRY_MS }: AlertSenderOptions): AlertSender {
  const waiting: object[] = []
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  async function send(event: object): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const to = url()
      if (to === undefined) return
      let why: string
      try {
        const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_MS)])
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(to, {
          method: 'POST',
          headers,
          body: JSON.stringify(event),
          signal,
          redirect: 'error',
        })
        await response.body?.cancel()
        if (response.ok) return
        why = `HTTP ${response.status}`
      } catch (error) {
        stopping.signal.throwIfAborted()
        why = codeOf(error)
      }
      if (attempt + 1 === TRIES) {
        log({ type: 'alert:not-sent', error: why })
        return
      }
      await sleep(retryMs * 2 ** attempt, stopping.signal)
    }
  }

  async function run(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) await send(event)
  }

  return {
    observe: (event) => {
      if ((event.type !== 'alert' && event.type !== 'alert:over') || url() === undefined) return
      waiting.push(event)
      if (waiting.length > WAITING_MAX) waiting.shift()
      running ??= run()
        .catch((error: unknown) => {
          if (!isAbortError(error)) throw error
        })
        .finally(() => {
          running = undefined
        })
    },
    stop: async () => {
      stopping.abort(new DOMException('the provider is stopping', 'AbortError'))
      await running
    },
  }
}

/** Never the message: it may have the address in it, with the word that only its owner knows. */
function codeOf(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: { code?: unknown } }
  return String([code, cause?.code].find((each) => typeof each === 'string') ?? name)
}
