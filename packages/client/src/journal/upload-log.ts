/**
 * The log of an upload as text: its events, a line each, behind a snapshot of what was before them. A line is a checksum and
 * JSON; the checksum is of the line before too, so that a line which is missing, moved or changed is found. A last line that
 * a power cut has torn is dropped: its event had not been acknowledged, and what it tells is asked for again.
 */
import { toHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import * as z from 'zod/mini'
import { eventForm, stateForm } from './forms.ts'
import { JournalInvalidError } from './journal-invalid.ts'
import { apply, EventOutOfPlaceError, type UploadEvent, type UploadState } from './upload-state.ts'

/** After so many events the log is written anew, beginning with a snapshot. */
export const EVENTS_MAX = 256

const CHECKSUM_DIGITS = 16
const FIRST = '0'.repeat(CHECKSUM_DIGITS)

type Entry =
  | { readonly version: 2; readonly snapshot: UploadState }
  | { readonly version: 2; readonly event: UploadEvent }

const entryForm: z.ZodMiniType<Entry> = z.union([
  z.strictObject({ version: z.literal(2), snapshot: stateForm }),
  z.strictObject({ version: z.literal(2), event: eventForm }),
])

export interface LogEnd {
  readonly state: UploadState
  /** Of the last line. */
  readonly checksum: string
  /** Behind the snapshot. */
  readonly events: number
}

/** @returns the lines that begin a log, and its end */
export function beginLog(state: UploadState): { readonly text: string; readonly end: LogEnd } {
  const { line, checksum } = lineOf({ version: 2, snapshot: state }, FIRST)
  return { text: line, end: { state, checksum, events: 0 } }
}

/** @throws EventOutOfPlaceError */
export function extendLog(end: LogEnd, event: UploadEvent): { readonly text: string; readonly end: LogEnd } {
  const { line, checksum } = lineOf({ version: 2, event }, end.checksum)
  return { text: line, end: { state: apply(end.state, event), checksum, events: end.events + 1 } }
}

/**
 * @param path for the error, by which a person finds the log
 * @returns `length`: of the text that is sound; what is behind it was torn
 * @throws JournalInvalidError
 */
export function readLog(path: string, text: string): { readonly end: LogEnd; readonly length: number } {
  const lines = text.split('\n')
  const last = text.endsWith('\n') ? lines.length - 2 : lines.length - 1
  let end: LogEnd | undefined
  let length = 0
  for (const [index, line] of lines.slice(0, last + 1).entries()) {
    const isWhole = index < lines.length - 1
    const json = isWhole ? jsonOf(line, end?.checksum ?? FIRST) : undefined
    if (json === undefined) {
      // The first line came with a whole file, under its name only when all of it was on the disk.
      if (end !== undefined && index === last) break
      throw new JournalInvalidError(path, `line ${index + 1} is not as it was written`)
    }
    end = followed(path, end, json, line.slice(0, CHECKSUM_DIGITS))
    length += line.length + 1
  }
  if (end === undefined) throw new JournalInvalidError(path, 'it is empty')
  return { end, length }
}

function lineOf(entry: Entry, previous: string): { line: string; checksum: string } {
  const json = JSON.stringify(entry)
  const checksum = checksumOf(previous, json)
  return { line: `${checksum} ${json}\n`, checksum }
}

function checksumOf(previous: string, json: string): string {
  return toHex(sha256(new TextEncoder().encode(`${previous} ${json}`))).slice(2, 2 + CHECKSUM_DIGITS)
}

/** Undefined: the line is not as it was written. */
function jsonOf(line: string, previous: string): string | undefined {
  const json = line.slice(CHECKSUM_DIGITS + 1)
  return line === `${checksumOf(previous, json)} ${json}` ? json : undefined
}

function followed(path: string, end: LogEnd | undefined, json: string, checksum: string): LogEnd {
  const parsed = entryForm.safeParse(JSON.parse(json))
  if (!parsed.success) throw new JournalInvalidError(path, 'an entry is neither a snapshot nor an event')
  const entry = parsed.data
  if ('snapshot' in entry) {
    if (end === undefined) return { state: entry.snapshot, checksum, events: 0 }
    throw new JournalInvalidError(path, 'it has a second beginning')
  }
  if (end === undefined) throw new JournalInvalidError(path, 'its beginning is missing')
  try {
    return { state: apply(end.state, entry.event), checksum, events: end.events + 1 }
  } catch (error) {
    if (!(error instanceof EventOutOfPlaceError)) throw error
    throw new JournalInvalidError(path, error.message)
  }
}
