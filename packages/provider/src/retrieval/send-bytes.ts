/** Bytes to a client: one range, the whole, or only the headers; reading stops when the client goes away. */
import { GranaryError } from '@granary/base'
import type { Request, Response } from 'express'
import parseRange from 'range-parser'
import { whenOver } from '../http/when-over.ts'
import { turnsOf } from './turns.ts'
import { tellSent } from './when-sent.ts'

export class RangeInvalidError extends GranaryError {
  constructor(range: string, bytes: number) {
    super({
      code: 'RANGE_INVALID',
      message: `the range "${range}" is outside of the ${bytes} bytes`,
      hint: 'ask for a range inside, such as bytes=0-1023',
      details: { bytes },
    })
  }
}

/** The client has another content in hand, and wants no part of this one. */
export class PreconditionFailedError extends GranaryError {
  constructor(tag: string) {
    super({
      code: 'PRECONDITION_FAILED',
      message: `the content is ${tag}, which If-Match does not name`,
      hint: 'leave If-Match out, or begin again with what is here',
    })
  }
}

export interface Rangeable {
  readonly bytes: number
  /** Bytes `from` to `to`, exclusive. */
  readonly read: (from: number, to: number) => AsyncIterable<Uint8Array>
}

/** By what the client has already: a 304 has gone out. @throws PreconditionFailedError PRECONDITION_FAILED */
export function isAnswered(request: Request, response: Response): boolean {
  requireMatch(request, response)
  if (!isKnown(request, response)) return false
  response.status(304).end()
  return true
}

/** Headers that name the content are set already. @throws RangeInvalidError RANGE_INVALID */
export async function sendRange(request: Request, response: Response, content: Rangeable): Promise<void> {
  response.setHeader('Accept-Ranges', 'bytes')
  if (isAnswered(request, response)) return
  const range = wantedRange(request, response, content.bytes)
  const { from, to } = range ?? { from: 0, to: content.bytes }
  if (range !== undefined) response.status(206).setHeader('Content-Range', `bytes ${from}-${to - 1}/${content.bytes}`)
  response.setHeader('Content-Length', to - from)
  await sendStream(request, response, content.read(from, to))
}

/**
 * The first bytes are read before the headers go out, so that what fails at once is an honest error answer; what fails
 * later breaks the connection, and no half answer passes for a whole one. The source is asked for its next bytes when the
 * system has taken all of those before: their memory may be used for these.
 */
export async function sendStream(
  request: Request,
  response: Response,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const iterator = source[Symbol.asyncIterator]()
  const line = createLine(request, response)
  const untilTurn = turnsOf(response)
  let sent = 0
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      for (const slice of slicesOf(next.value)) {
        await untilTurn(slice.length)
        if (line.isGone()) return
        sent += slice.length
        if (!line.write(slice)) await line.untilTaken()
      }
      await line.untilTaken()
      if (line.isGone()) return
    }
    response.end()
  } catch (error) {
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    // Here and not in the source, which never begins when the client has gone before its first byte: a file may be open.
    await iterator.return?.()
    tellSent(response, sent)
  }
}

interface Line {
  /** @returns whether more may be written at once */
  write(bytes: Uint8Array): boolean
  /** All that was written has been handed to the system, or there is nobody to send it to. */
  untilTaken(): Promise<void>
  isGone(): boolean
}

function createLine(request: Request, response: Response): Line {
  let waiting = 0
  let isGone = false
  let wake: (() => void) | undefined
  const look = (): void => {
    if (waiting === 0 || isGone) wake?.()
  }
  const onTaken = (): void => {
    waiting -= 1
    look()
  }
  whenOver(request, response, () => {
    isGone = true
    look()
  })
  // Who has gone is told of by its line.
  response.on('error', () => undefined)
  return {
    write(bytes) {
      waiting += 1
      return response.write(bytes, onTaken)
    },
    async untilTaken() {
      if (waiting > 0 && !isGone) await new Promise<void>((resolve) => (wake = resolve))
    },
    isGone: () => isGone,
  }
}

/** What is written at once; a slow reader is known by how many of these it takes. */
const SLICE_BYTES = 32 * 1024

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES)
}

/**
 * Content under a CID never changes, so a tag that matches is enough: also for a client that asks to be sure
 * (`Cache-Control: no-cache`), which Express would send the whole again.
 */
export function isKnown(request: Request, response: Response): boolean {
  const tags = request.get('if-none-match')?.split(',').map(strongTag) ?? []
  return tags.includes('*') || tags.includes(strongTag(String(response.getHeader('ETag'))))
}

/** A weak tag is like none here (RFC 9110, 13.1.1). @throws PreconditionFailedError PRECONDITION_FAILED */
function requireMatch(request: Request, response: Response): void {
  const wanted = request
    .get('if-match')
    ?.split(',')
    .map((tag) => tag.trim())
  const tag = String(response.getHeader('ETag'))
  if (wanted !== undefined && !wanted.includes('*') && !wanted.includes(tag)) throw new PreconditionFailedError(tag)
}

function strongTag(tag: string): string {
  return tag.trim().replace(/^W\//, '')
}

/** One that ends before it begins is as good as none (RFC 9110, 14.1.1), and no range outside of the content. */
function isValidRange(header: string): boolean {
  return [...header.matchAll(/(\d+)\s*-\s*(\d+)/g)].every(([, first, last]) => Number(first) <= Number(last))
}

/** More from the end than there is means all of it (RFC 9110, 14.1.2); range-parser takes it for a range outside. */
function suffixWithin(header: string, bytes: number): string {
  const [, suffix] = /^bytes=\s*-(\d+)\s*$/.exec(header) ?? []
  return bytes > 0 && suffix !== undefined && Number(suffix) > bytes ? `bytes=-${bytes}` : header
}

function wantedRange(request: Request, response: Response, bytes: number): { from: number; to: number } | undefined {
  // Ranges are defined for GET alone (RFC 9110, 14.2).
  if (request.method === 'HEAD') return undefined
  const header = request.get('range')
  const ifRange = request.get('if-range')
  if (header === undefined || (ifRange !== undefined && ifRange !== response.getHeader('ETag'))) return undefined
  if (!isValidRange(header)) return undefined
  const ranges = parseRange(bytes, suffixWithin(header, bytes))
  if (ranges === -1) {
    response.setHeader('Content-Range', `bytes */${bytes}`)
    throw new RangeInvalidError(header, bytes)
  }
  // Of several the first; of a unit or a syntax that is not known, the whole: both are valid answers (RFC 9110, 14.2).
  const [first] = ranges === -2 ? [] : ranges
  if (ranges === -2 || ranges.type !== 'bytes' || first === undefined) return undefined
  return { from: first.start, to: first.end + 1 }
}
