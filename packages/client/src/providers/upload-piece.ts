/**
 * The CAR's bytes to the provider, by tus 1.0 (https://tus.io/protocols/resumable-upload): the provider says how far it
 * has got, and sending goes on from there, whatever happened to either side in between.
 */

import type { GranaryError } from '@granary/base'
import { systemClock } from '@granary/base'
import { readBody } from '@granary/protocol/client'
import { UPLOADS_PATH, type UploadMetadata } from '@granary/protocol/market'
import type { Clock, Fetch, PieceSource, RangeBody } from '../ports.ts'
import { errorOf, ProviderAnswerError, ProviderUnreachableError, parseJson } from './request-json.ts'

/**
 * One PATCH: this much is in memory at a time, unless it is read while it is sent. The first is small, so that a slow line tells its
 * progress too.
 */
const CHUNK_BYTES = { min: 256 << 10, max: 4 << 20, streamed: 64 << 20 }
/**
 * A chunk that is taken within this time is followed by one of twice its size; one that takes longer than the second, by
 * half.
 */
const CHUNK_MS = { quick: 1_000, slow: 5_000 }
/**
 * A request that is not answered for this long is ended, and the upload goes on over another connection from where the provider
 * stands: one that has come no further, and says nothing for as long again, is given up. It writes a chunk in less.
 */
const STALL_MAX_MS = 60_000
/** Less than this is no step forward. */
const FORWARD_BYTES_MIN = 16 << 10
/** Between tries that brought nothing forward. */
const RETRY_DELAYS_MS = [200, 500, 1_000, 2_000, 4_000, 8_000]
/** So often a provider may have less than it has taken, as after a crash; one that does it again would be sent all for ever. */
const LOSSES_MAX = 3

/** Bytes of a Blob, to be read from anywhere. */
export function blobSource(blob: Blob): PieceSource {
  const read = async (start: number, end: number) => new Uint8Array(await blob.slice(start, end).arrayBuffer())
  return { size: blob.size, read }
}

/** A piece, and where it is to go. */
export interface UploadPieceInput {
  readonly endpoint: string
  readonly source: PieceSource
  readonly metadata: Omit<UploadMetadata, 'pieceSize'> & { readonly pieceSize: number }
  /** Called before each request: a token that is still good. */
  readonly token: () => Promise<string>
  /** Of an earlier, unfinished upload of the same bytes. */
  readonly uploadUrl?: string | undefined
  readonly fetch?: Fetch | undefined
  /** @default the machine's */
  readonly clock?: Clock | undefined
}

/** How a piece is sent. */
export interface UploadPieceOptions {
  readonly signal?: AbortSignal | undefined
  /** How long one request may go unanswered. @default a minute */
  readonly stallMaxMs?: number
  /** Called when a request was not answered in time, and the upload is gone on with over another connection. */
  readonly onSilent?: (error: GranaryError) => void
  readonly onProgress?: (progress: { readonly sent: number; readonly total: number }) => void
  /** Awaited before the first byte goes out, so that a kill afterwards finds the upload again. */
  readonly onUploadUrl?: (uploadUrl: string) => Promise<void>
}

/** How far an upload is, by the provider's word. */
interface Place {
  readonly url: string
  readonly offset: number
}

/** @throws ProviderUnreachableError when the provider stays away, ProviderAnswerError, or the provider's own refusal */
export async function uploadPiece(input: UploadPieceInput, options: UploadPieceOptions = {}): Promise<string> {
  const { endpoint, source, uploadUrl, fetch, clock = systemClock } = input
  const { signal, onProgress, onSilent, onUploadUrl } = options
  const uploads = endpoint + UPLOADS_PATH
  // The provider may have moved since: only the last part of the address is the upload's.
  let url = uploadUrl === undefined ? undefined : `${uploads}/${uploadIdOf(uploadUrl)}`
  let told = uploadUrl
  let place: Place | undefined
  const bodyOf = fetch?.bodiesOf?.(source) ?? bodiesOf(source)
  const bytesMax = fetch?.bodiesOf ? CHUNK_BYTES.streamed : CHUNK_BYTES.max
  let chunkBytes = CHUNK_BYTES.min
  let triesInVain = 0
  let wasSilent = false
  let taken = 0
  let losses = 0
  for (;;) {
    signal?.throwIfAborted()
    try {
      if (place === undefined) {
        place = (url !== undefined && (await findUpload(url, input, options))) || (await createUpload(input, options))
        url = place.url
        if (url !== told) await onUploadUrl?.(url)
        told = url
        if (place.offset < taken && ++losses > LOSSES_MAX)
          throw new ProviderAnswerError(url, 'it loses again and again what it has taken')
      }
      // What was sent a second time brings nothing forward.
      if (place.offset >= taken + FORWARD_BYTES_MIN) {
        taken = place.offset
        triesInVain = 0
        wasSilent = false
      }
      onProgress?.({ sent: place.offset, total: source.size })
      if (place.offset === source.size) return place.url
      const startedMs = clock.nowMs()
      place = await sendChunk(place, chunkBytes, bodyOf, input, options)
      chunkBytes = nextChunkBytes(chunkBytes, bytesMax, clock.nowMs() - startedMs)
    } catch (error) {
      if (!(error instanceof UploadFault)) throw error
      const { fault, isPassing, isSilent } = error
      const delayMs = isPassing && !(isSilent && wasSilent) ? RETRY_DELAYS_MS[triesInVain++] : undefined
      if (delayMs === undefined) throw fault
      if (isSilent) onSilent?.(fault)
      wasSilent ||= isSilent
      // What arrived of the last chunk is asked for before anything is sent again.
      place = undefined
      chunkBytes = CHUNK_BYTES.min
      await clock.sleep(delayMs, signal)
    }
  }
}

/** The last part of an upload's address. */
export function uploadIdOf(uploadUrl: string): string {
  return new URL(uploadUrl).pathname.split('/').at(-1) ?? ''
}

/** Undefined: the provider has no such upload, or one of another size. */
async function findUpload(
  url: string,
  input: UploadPieceInput,
  options: UploadPieceOptions,
): Promise<Place | undefined> {
  const response = await request('HEAD', url, {}, undefined, input, options)
  if (isFinal(response.status)) return undefined
  if (Number(response.headers.get('upload-length')) !== input.source.size) return undefined
  const offset = offsetIn(url, response)
  if (offset > input.source.size) throw new ProviderAnswerError(url, `it has ${offset} of ${input.source.size} bytes`)
  return { url, offset }
}

async function createUpload(input: UploadPieceInput, options: UploadPieceOptions): Promise<Place> {
  const uploads = input.endpoint + UPLOADS_PATH
  const metadata = Object.entries(input.metadata).map(([key, value]) => `${key} ${base64Of(String(value))}`)
  const headers = { 'upload-length': `${input.source.size}`, 'upload-metadata': metadata.join(',') }
  const response = await request('POST', uploads, headers, undefined, input, options)
  const location = response.headers.get('location')
  if (location === null || !URL.canParse(location, uploads))
    throw new ProviderAnswerError(uploads, 'it does not say where it is')
  return { url: `${uploads}/${uploadIdOf(new URL(location, uploads).href)}`, offset: 0 }
}

/** Ends at a multiple of its own size, so that the sizes fit into each other. */
async function sendChunk(
  { url, offset }: Place,
  chunkBytes: number,
  bodyOf: (start: number, end: number) => RangeBody | Promise<RangeBody>,
  input: UploadPieceInput,
  options: UploadPieceOptions,
): Promise<Place> {
  const { source } = input
  const end = Math.min(source.size, offset - (offset % chunkBytes) + chunkBytes)
  const { body, ended } = await bodyOf(offset, end)
  const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': `${offset}` }
  // Whoever sends again reads again; and what could not be read says more than that it was not sent.
  const response = await request('PATCH', url, headers, body, input, options).finally(ended)
  const taken = offsetIn(url, response)
  // One that takes a byte at a time, or none, would be sent the same for ever.
  if (taken !== end) throw new ProviderAnswerError(url, `it has ${taken} bytes after it was sent ${end}`)
  return { url, offset: taken }
}

/** Read before they are sent. */
function bodiesOf(source: PieceSource): (start: number, end: number) => Promise<RangeBody> {
  // Each chunk in its turn: a new one each time is garbage faster than it is collected.
  const memory = new Uint8Array(Math.min(source.size, CHUNK_BYTES.max))
  return async (start, end) => ({ body: await source.read(start, end, memory) })
}

function nextChunkBytes(bytes: number, max: number, tookMs: number): number {
  if (tookMs < CHUNK_MS.quick) return Math.min(max, bytes * 2)
  return tookMs > CHUNK_MS.slow ? Math.max(CHUNK_BYTES.min, bytes / 2) : bytes
}

/** An upload does not go on, for now or for good. */
class UploadFault extends Error {
  readonly fault: GranaryError
  /** The same may be taken a moment later. */
  readonly isPassing: boolean
  /** Nothing was answered in time. */
  readonly isSilent: boolean

  constructor(fault: GranaryError, isPassing: boolean, isSilent = false) {
    super()
    this.fault = fault
    this.isPassing = isPassing
    this.isSilent = isSilent
  }
}

/** 409 and 423 say that an earlier request still holds the upload; the other 4xx mean it. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 409 && status !== 423
}

/** @returns an answer that is one: 2xx, or of a HEAD that there is no such thing */
async function request(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: BodyInit | undefined,
  { token, fetch = globalThis.fetch, clock = systemClock }: UploadPieceInput,
  { signal, stallMaxMs = STALL_MAX_MS }: UploadPieceOptions,
): Promise<Response> {
  const authorization = `Bearer ${await token()}`
  const stalled = new AbortController()
  using _timer = clock.after(stallMaxMs, () => stalled.abort('no answer in time'))
  try {
    const response = await fetch(url, {
      method,
      headers: { 'tus-resumable': '1.0.0', authorization, ...headers },
      body: body ?? null,
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    })
    const { status } = response
    const isRefused = isFinal(status)
    if (response.ok || (isRefused && method === 'HEAD')) return response
    // Of an answer that breaks off, its status says enough.
    const text = await readBody(response).catch(() => '')
    throw new UploadFault(errorOf(url, status, parseJson(text)), !isRefused)
  } catch (error) {
    if (signal?.aborted || error instanceof UploadFault) throw error
    throw new UploadFault(new ProviderUnreachableError(url, error), true, stalled.signal.aborted)
  }
}

function offsetIn(url: string, response: Response): number {
  const offset = response.headers.get('upload-offset') ?? ''
  if (/^\d{1,15}$/.test(offset)) return Number(offset)
  throw new ProviderAnswerError(url, 'it does not say how much it has')
}

function base64Of(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
