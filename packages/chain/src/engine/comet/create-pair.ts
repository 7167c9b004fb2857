/**
 * Application and CometBFT as a pair: the application listens first, since CometBFT looks for it only every three seconds; CometBFT
 * is started again when it ends, with growing pauses; it is stopped first, and while the machine's clock is wrong or nothing
 * shows that it is right, because its votes carry that clock's time.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GranaryError } from '@granary/base'
import type { Clock, Time } from '../clock/clock.ts'
import { unproven } from '../clock/create-block-times.ts'
import type { CometEvent } from '../engine.ts'
import type { AbciApplication, AbciCall } from './abci/application.ts'
import { type AbciListener, listenAbci } from './abci/listen-abci.ts'
import { ValidatorClockWrongError } from './errors.ts'
import { type CometProcess, runComet } from './run-comet.ts'

export interface PairParts {
  readonly application: AbciApplication
  /** Of the socket. */
  readonly socket: string
  readonly program: string
  readonly folder: string
  readonly clock: Clock
  readonly time: Time
  /** Writes CometBFT's files, before each start. */
  readonly prepare: (application: string) => Promise<void>
  /** It has started, or started again: what it knew is gone. */
  readonly onStart: () => void
  /** The application has failed in a call that must not fail; CometBFT is stopped for good. */
  readonly onFault: (error: unknown) => void
  readonly log: (event: CometEvent) => void
}

export interface Pair {
  /** Lets the application be found. @throws GranaryError HOME_LOCKED, SOCKET_PATH_TOO_LONG */
  listen(): Promise<void>
  /** Starts CometBFT, once it listens. */
  start(): void
  stop(): Promise<void>
  /** Why no CometBFT runs, while it is that. */
  readonly clockFault: GranaryError | undefined
}

/** Votes carry the machine's time: beyond this they would move the chain's. */
const CLOCK_OFF_MS_MAX = 10_000
const LOOK_MS = 1_000
const RESTART_MS_MIN = 500
const RESTART_MS_MAX = 30_000
const STATE_SYNC_FAILED = 'State sync failed'
/** One that ran for as long has not failed at its start. */
const SOUND_MS = 60_000

export function createPair(parts: PairParts): Pair {
  const { clock, time, log } = parts
  const stopping = new AbortController()
  let failed = false
  let listener: AbciListener | undefined
  let comet: CometProcess | undefined
  let running: Promise<void> = Promise.resolve()
  let stuck = new AbortController()

  function faulted(call: AbciCall | undefined, error: unknown): void {
    if (call === undefined) {
      log({ type: 'comet:garbled', message: Error.isError(error) ? error.message : String(error) })
      return
    }
    failed = true
    parts.onFault(error)
    void comet?.stop()
  }

  function clockFault(): GranaryError | undefined {
    const nowMs = clock.nowMs()
    if (nowMs === undefined) return unproven(clock.status)
    const aheadMs = time.machineMs() - nowMs
    return Math.abs(aheadMs) > CLOCK_OFF_MS_MAX ? new ValidatorClockWrongError(aheadMs) : undefined
  }

  function isClockRight(): boolean {
    return clockFault() === undefined
  }

  async function run(signal: AbortSignal): Promise<void> {
    let pauseMs = RESTART_MS_MIN
    while (!signal.aborted && !failed) {
      if (!isClockRight()) {
        await sleep(LOOK_MS, undefined, { signal })
        continue
      }
      const startedAt = time.monotonicMs()
      const why = await runOnce(signal).catch((error: unknown) => String(error))
      if (signal.aborted || failed || why === undefined) continue
      pauseMs = time.monotonicMs() - startedAt > SOUND_MS ? RESTART_MS_MIN : Math.min(2 * pauseMs, RESTART_MS_MAX)
      log({ type: 'comet:ended', message: why, restartMs: pauseMs })
      await sleep(pauseMs, undefined, { signal })
    }
  }

  /** @returns how it ended; undefined when it was stopped for the clock */
  async function runOnce(signal: AbortSignal): Promise<string | undefined> {
    await parts.prepare(listener!.address)
    stuck = new AbortController()
    const started = await runComet({ program: parts.program, folder: parts.folder, onLine: (line) => tell(line) })
    comet = started
    log({ type: 'comet:started', pid: started.pid })
    parts.onStart()
    const over = new AbortController()
    const ended = started.ended.finally(() => over.abort())
    try {
      while (!signal.aborted) {
        const woken = AbortSignal.any([signal, over.signal, stuck.signal])
        await sleep(LOOK_MS, undefined, { signal: woken }).catch(() => undefined)
        if (over.signal.aborted) return await ended
        if (stuck.signal.aborted) return 'it came to no state'
        if (!isClockRight()) return undefined
      }
      return undefined
    } finally {
      await started.stop()
      comet = undefined
    }
  }

  function tell(line: string): void {
    const said = parse(line)
    // It goes on without doing anything.
    if (said?._msg === STATE_SYNC_FAILED) stuck.abort()
    if (said === undefined) log({ type: 'comet:says', message: line, module: undefined })
    else if (said.level !== 'info' && said.level !== 'debug')
      log({ type: 'comet:says', message: [said._msg, said.err].filter(Boolean).join(': '), module: said.module })
  }

  return {
    async listen() {
      await mkdir(dirname(parts.socket), { recursive: true, mode: 0o700 })
      listener = await listenAbci({ application: parts.application, path: parts.socket, onFault: faulted })
    },
    start() {
      running = run(stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) faulted('info', error)
      })
    },
    async stop() {
      stopping.abort()
      await running
      await listener?.close()
    },
    get clockFault() {
      return clockFault()
    },
  }
}

interface Said {
  readonly level?: string
  readonly _msg?: string
  readonly err?: string
  readonly module?: string
}

function parse(line: string): Said | undefined {
  try {
    return JSON.parse(line) as Said
  } catch {
    return undefined
  }
}
