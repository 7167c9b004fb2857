/**
 * Disks forget. Each unsealed piece is read again and again, slowly, and compared with its commitment; one that is
 * missing, cut or changed is named in an alert and made again from its replica. At the start the sizes of all are looked
 * at first, and whoever finds a damaged block while serving it says so here.
 */

import { mkdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { GranaryError, sleep } from '@granary/base'
import { syncFile } from '@granary/base/node'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { Alerts } from '../alerts.ts'
import type { Log } from '../log.ts'
import { createKeyedLock } from '../storage/keyed-lock.ts'
import { whileThere } from '../storage/on-each-folder.ts'
import type { Restoration, RestorationOf } from '../storage/restoration.ts'
import type { DealStore } from './deal-store.ts'
import type { PieceFiles } from './piece-files.ts'

export interface ScrubContext {
  readonly deals: Pick<DealStore, 'pieces' | 'hasPiece' | 'stagedPieces'>
  readonly files: Pick<PieceFiles, 'piecePath' | 'isSilent' | 'replace' | 'reserve'>
  /** Writes the piece's bytes to `out`, or throws why it cannot. */
  readonly unseal: (piece: { pieceCid: string; payloadSize: number }, out: string, signal: AbortSignal) => Promise<void>
  /** It was made again, or somebody could not read it and it is sound where it lies now: it may have been looked for elsewhere. */
  readonly onSound: (pieceCid: string) => void
  readonly alerts: Alerts
  readonly log: Log
  readonly pauses?: ScrubPauses
}

export interface ScrubPauses {
  /** Between two rounds over all pieces. */
  readonly roundMs: number
  /** Until what could not be repaired is tried again. */
  readonly retryMs: number
  /** How much longer than the reading of a piece is the pause after it. */
  readonly rest: number
}

const defaultPauses: ScrubPauses = { roundMs: 24 * 60 * 60_000, retryMs: 60_000, rest: 9 }

export interface PieceScrub {
  start(): void
  /** Somebody saw that something is wrong with it, or that it was replaced: it is looked at next. */
  suspect(pieceCid: string): void
  /** Suspects it too, unless it is known already: who reads a piece that is lost, again and again, brings about no work. */
  damaged(pieceCid: string): void
  restorationOf: RestorationOf
  /** Whether each of them that a deal needs lies in its place, sound; what does not is made again first, if it can be. */
  secure(pieceCids: readonly string[]): Promise<boolean>
  stop(): Promise<void>
}

type PieceAt = ReturnType<DealStore['pieces']>[number] & { readonly path: string }

/** What is looked at of one folder, one after the other. */
interface Line {
  /** First. */
  readonly suspects: Set<string>
  /** Their sizes are looked at before any is read. */
  unsized: readonly PieceAt[]
  round: string[]
  work: Promise<void> | undefined
  wake: () => void
}

/** Others wait meanwhile. */
const LOOKED_UP_AT_ONCE = 100

/** Of a piece whose disk did not answer: one that slept has damaged nothing. */
const UNSEEN = Symbol('unseen')

/** Where repaired pieces are made: beside the others, and emptied at each start. */
export function repairFolder(pieces: string): string {
  return join(pieces, 'repair')
}

export function createPieceScrub(context: ScrubContext): PieceScrub {
  const { deals, alerts, log } = context
  const { roundMs, retryMs, rest } = context.pauses ?? defaultPauses
  const stopping = new AbortController()
  const { signal } = stopping
  const restorations = new Map<string, Restoration>()
  /** Two repairs of one piece would write the same file. */
  const one = createKeyedLock()
  const lines = new Map<string, Line>()
  let running: Promise<void> | undefined

  /** Of a folder, and so of a disk: what hangs there holds up no other. */
  function lineOf(folder: string): Line {
    const known = lines.get(folder)
    if (known !== undefined) return known
    const line: Line = { suspects: new Set(), unsized: [], round: [], work: undefined, wake: () => {} }
    lines.set(folder, line)
    return line
  }

  const suspect = (pieceCid: string): void => {
    if (!restorations.has(pieceCid)) restorations.set(pieceCid, { state: 'under way', sinceMs: Date.now() })
    const line = lineOf(dirname(context.files.piecePath(pieceCid)))
    line.suspects.add(pieceCid)
    line.wake()
    if (running !== undefined) goOn(line)
  }

  /** What is suspected until the pause is over ends it. */
  async function pause(line: Line, ms: number): Promise<void> {
    if (line.suspects.size > 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    line.wake = resolve
    await Promise.race([promise, sleep(ms, signal).catch(() => {})])
  }

  async function run(): Promise<void> {
    for (const line of lines.values()) goOn(line)
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const pieces = new Map<Line, PieceAt[]>()
      for (const [index, piece] of deals.pieces().entries()) {
        const path = context.files.piecePath(piece.pieceCid)
        const line = lineOf(dirname(path))
        const those = pieces.get(line) ?? []
        pieces.set(line, those)
        those.push({ ...piece, path })
        if (index % LOOKED_UP_AT_ONCE === 0) await setImmediate()
      }
      for (const [line, those] of pieces) {
        if (line.round.length > 0) continue
        line.round = shuffled(those.map(({ pieceCid }) => pieceCid))
        if (isFirst) line.unsized = those
        goOn(line)
      }
      await sleep(roundMs, signal).catch(() => {})
    }
  }

  function goOn(line: Line): void {
    line.work ??= lookAtAll(line).finally(() => {
      line.work = undefined
      // Suspected since it had nothing left to look at.
      if (line.suspects.size > 0 && !signal.aborted) goOn(line)
    })
  }

  async function lookAtSizes(line: Line): Promise<void> {
    const pieces = line.unsized
    line.unsized = []
    for (const { pieceCid, payloadSize, path } of pieces) {
      const isThere = (): boolean => context.files.piecePath(pieceCid) === path
      const size = await whileThere(sizeOf(path), isThere, signal).catch(() => payloadSize)
      if (signal.aborted) return
      if (size !== payloadSize) suspect(pieceCid)
    }
  }

  async function lookAtAll(line: Line): Promise<void> {
    while (!signal.aborted) {
      await lookAtSizes(line)
      const [first] = line.suspects
      const pieceCid = first ?? line.round.pop()
      if (pieceCid === undefined) break
      line.suspects.delete(pieceCid)
      let readMs = 0
      try {
        const beganMs = performance.now()
        await look(pieceCid, () => {
          readMs = performance.now() - beganMs
        })
      } catch (error) {
        if (signal.aborted) break
        log({ type: 'piece:scrub-failed', level: 'alert', pieceCid, error: String(error) })
        lookAgain(pieceCid)
      }
      // Of the reading alone: a repair takes hours where sealing does, and says nothing of how busy the disk may be kept.
      await pause(line, readMs * rest)
    }
  }

  /** True when it is sound then. */
  function look(pieceCid: string, onRead: () => void = () => {}): Promise<boolean> {
    return one.run(pieceCid, async () => {
      const wrong = await whatIsWrong(pieceCid)
      onRead()
      if (wrong === UNSEEN) {
        lookAgain(pieceCid)
        return false
      }
      if (wrong !== undefined) return await mend(pieceCid, wrong)
      const wasDoubted = restorations.delete(pieceCid)
      alerts.clear('PIECE_DAMAGED', pieceCid)
      if (wasDoubted) context.onSound(pieceCid)
      return true
    })
  }

  async function secure(pieceCids: readonly string[]): Promise<boolean> {
    for (const pieceCid of pieceCids) if (!(await look(pieceCid))) return false
    return true
  }

  /** However a look ended that left an alert standing. */
  function lookAgain(pieceCid: string): void {
    setTimeout(() => suspect(pieceCid), retryMs).unref()
  }

  async function mend(pieceCid: string, wrong: string): Promise<boolean> {
    if (!restorations.has(pieceCid)) restorations.set(pieceCid, { state: 'under way', sinceMs: Date.now() })
    alerts.raise({
      code: 'PIECE_DAMAGED',
      subject: pieceCid,
      message: `the unsealed file of piece ${pieceCid} ${wrong}: it is made again from its replica`,
      hint: 'look at the disk and its memory; nothing else is to be done as long as the replica is sound',
    })
    try {
      await repair(pieceCid)
    } catch (error) {
      // Only our own end is one: a job that was broken off is another's, and is asked for again.
      if (signal.aborted) return false
      restorations.set(pieceCid, {
        state: 'failed',
        error: GranaryError.is(error) ? error : unreadable(pieceCid, error),
      })
      alerts.raise({
        code: 'PIECE_DAMAGED',
        subject: pieceCid,
        message: `the unsealed file of piece ${pieceCid} ${wrong}, and cannot be made again: ${describe(error)}`,
        hint: 'put a copy of the piece there, or ask its client to send it again (`granary put --again`); it is tried again each minute',
      })
      lookAgain(pieceCid)
      return false
    }
    restorations.delete(pieceCid)
    alerts.clear('PIECE_DAMAGED', pieceCid)
    log({ type: 'piece:repaired', pieceCid })
    context.onSound(pieceCid)
    return true
  }

  /** Not one that is still to be moved here, nor one that no deal needs any more. */
  function isPlaced(pieceCid: string): boolean {
    return deals.hasPiece(pieceCid) && !deals.stagedPieces().some((piece) => piece.pieceCid === pieceCid)
  }

  /** Undefined when it is sound, or was not in its place all the time that it was read: whoever puts it there says so. */
  async function whatIsWrong(pieceCid: string): Promise<string | typeof UNSEEN | undefined> {
    if (!isPlaced(pieceCid)) return undefined
    const path = context.files.piecePath(pieceCid)
    const reading = commitPieceFile(path, { signal }).then(pieceCidV2, describe)
    const found = await whileThere(reading, () => context.files.piecePath(pieceCid) === path, signal)
    signal.throwIfAborted()
    if (found === pieceCid || !isPlaced(pieceCid)) return undefined
    if (found === undefined || context.files.isSilent(pieceCid) || context.files.piecePath(pieceCid) !== path)
      return UNSEEN
    return found.startsWith('baf') ? `is that of ${found}` : `cannot be read (${found})`
  }

  async function repair(pieceCid: string): Promise<void> {
    const { payloadSize = 0 } = deals.pieces().find((piece) => piece.pieceCid === pieceCid) ?? {}
    using room = await context.files.reserve(pieceCid, payloadSize)
    const folder = repairFolder(dirname(room.path))
    await mkdir(folder, { recursive: true })
    const out = join(folder, `${pieceCid}.car`)
    try {
      await context.unseal({ pieceCid, payloadSize }, out, signal)
      await syncFile(out)
      await context.files.replace(pieceCid, out)
    } finally {
      await rm(out, { force: true })
    }
  }

  return {
    start: () => {
      running ??= run().catch((error: unknown) =>
        log({ type: 'piece:scrub-failed', level: 'alert', error: String(error) }),
      )
    },
    suspect,
    damaged: (pieceCid) => {
      if (!restorations.has(pieceCid)) suspect(pieceCid)
    },
    restorationOf: (pieceCid) => restorations.get(pieceCid),
    secure,
    stop: async () => {
      stopping.abort()
      await Promise.all([running, ...[...lines.values()].map(({ work }) => work)])
    },
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

function describe(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  const reason = Error.isError(error) ? error.message : String(error)
  return Error.isError(cause) ? `${reason} (${cause.message})` : reason
}

function unreadable(pieceCid: string, cause: unknown): GranaryError {
  return new GranaryError({
    code: 'PIECE_UNREADABLE',
    message: `the file of piece ${pieceCid} is damaged and could not be made again: ${describe(cause)}`,
    hint: 'try another provider, or later: it is tried again by itself',
    details: { pieceCid },
    cause,
  })
}

/** In another order each time: who restarts often reaches all of them all the same. */
function shuffled(items: string[]): string[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
