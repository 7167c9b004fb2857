/**
 * The CAR's bytes to the provider, by tus 1.0 (https://tus.io/protocols/resumable-upload): the provider says how far it
 * has got, and sending goes on from there, whatever happened to either side in between.
 */
import { GranaryError } from '@granary/base'
import { UPLOADS_PATH, type UploadMetadata } from '@granary/protocol/market'
import { type DetailedError, type HttpRequest, Upload, type UploadOptions } from 'tus-js-client'
import { errorOf, ProviderAnswerError, ProviderUnreachableError } from './request-json.ts'
import { watchFlow } from './watch-flow.ts'

/** One PATCH: this much is in memory at a time. */
const CHUNK_BYTES = 4 << 20
/** Nothing sent and nothing answered for this long: the provider is given up. It syncs a chunk in less. */
const STALL_MAX_MS = 120_000

/** Bytes that can be read again from anywhere: a file, a Blob. */
export interface PieceSource {
  readonly size: number
  read(start: number, end: number): Promise<Uint8Array>
}

export function blobSource(blob: Blob): PieceSource {
  const read = async (start: number, end: number) => new Uint8Array(await blob.slice(start, end).arrayBuffer())
  return { size: blob.size, read }
}

export interface UploadPieceInput {
  readonly endpoint: string
  readonly source: PieceSource
  readonly metadata: Omit<UploadMetadata, 'pieceSize'> & { readonly pieceSize: number }
  /** Called before each request: a token that is still good. */
  readonly token: () => Promise<string>
  /** Of an earlier, unfinished upload of the same bytes. */
  readonly uploadUrl?: string | undefined
}

export interface UploadPieceOptions {
  readonly signal?: AbortSignal | undefined
  /** @default two minutes */
  readonly stallMaxMs?: number
  readonly onProgress?: (progress: { readonly sent: number; readonly total: number }) => void
  /** Awaited before the first byte goes out, so that a kill afterwards finds the upload again. */
  readonly onUploadUrl?: (uploadUrl: string) => Promise<void>
}

/** @throws ProviderUnreachableError when the provider stays away, or the provider's own refusal */
export async function uploadPiece(input: UploadPieceInput, options: UploadPieceOptions = {}): Promise<string> {
  const { endpoint, source, metadata, token, uploadUrl } = input
  const { signal, onProgress, onUploadUrl, stallMaxMs = STALL_MAX_MS } = options
  signal?.throwIfAborted()
  const uploads = endpoint + UPLOADS_PATH
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  // The library wants a file of its own kinds; `fileReader` below reads ours, so this only has to be an object.
  const upload = new Upload(new Blob(), {
    endpoint: uploads,
    // The provider may have moved since.
    ...(uploadUrl === undefined ? {} : { uploadUrl: `${uploads}/${uploadIdOf(uploadUrl)}` }),
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)])),
    chunkSize: CHUNK_BYTES,
    retryDelays: [200, 500, 1000, 2000, 4000, 8000],
    onBeforeRequest: async (request: HttpRequest) => {
      flow.restart()
      request.setHeader('Authorization', `Bearer ${await token()}`)
    },
    fingerprint: async () => metadata.pieceCid,
    fileReader: readerOf(source, (error) => fail(error)),
    urlStorage: storageOf(onUploadUrl),
    onProgress: (sent, total) => {
      flow.restart()
      onProgress?.({ sent, total })
    },
    onChunkComplete: (taken) => {
      // Without this, a provider that says so would be sent the same bytes for ever.
      if (taken <= 0) fail(new ProviderAnswerError(uploads, 'it took none of the bytes that it was sent'))
    },
    onSuccess: () => resolve(upload.url ?? ''),
    onError: (error) => reject(uploadError(uploads, error)),
  })
  const fail = (reason: unknown) => {
    reject(reason)
    upload.abort().catch(() => undefined)
  }
  const abort = () => fail(signal?.reason)
  const silence = new DOMException('no answer', 'TimeoutError')
  const flow = watchFlow(1, stallMaxMs, () => fail(new ProviderUnreachableError(uploads, silence)))
  signal?.addEventListener('abort', abort, { once: true })
  upload.start()
  try {
    return await promise
  } finally {
    flow.stop()
    signal?.removeEventListener('abort', abort)
  }
}

/** The last part of an upload's address. */
export function uploadIdOf(uploadUrl: string): string {
  return new URL(uploadUrl).pathname.split('/').at(-1) ?? ''
}

function readerOf(source: PieceSource, fail: (error: unknown) => void): NonNullable<UploadOptions['fileReader']> {
  const slice = async (start: number, end: number) => {
    const bytes = await source.read(start, Math.min(end, source.size)).catch((error: unknown) => {
      // The library would take it for the network's fault and try again.
      fail(error)
      throw error
    })
    // The library reads the length of a chunk from `size`.
    return { value: Object.assign(bytes, { size: bytes.length }), done: end >= source.size }
  }
  return { openFile: async () => ({ size: source.size, slice, close: () => undefined }) }
}

/** The library waits for its storage before it sends data: the one place where the upload's URL can be kept in time. */
function storageOf(onUploadUrl: UploadPieceOptions['onUploadUrl']): NonNullable<UploadOptions['urlStorage']> {
  return {
    findAllUploads: async () => [],
    findUploadsByFingerprint: async () => [],
    removeUpload: async () => undefined,
    addUpload: async (fingerprint, upload) => {
      if (upload.uploadUrl) await onUploadUrl?.(upload.uploadUrl)
      return fingerprint
    },
  }
}

function uploadError(url: string, error: Error | DetailedError): Error {
  if (GranaryError.is(error)) return error
  const { originalResponse, causingError } = error as Partial<DetailedError>
  if (GranaryError.is(causingError)) return causingError
  if (!originalResponse) return new ProviderUnreachableError(url, causingError ?? error)
  try {
    return errorOf(url, originalResponse.getStatus(), JSON.parse(originalResponse.getBody()))
  } catch {
    return errorOf(url, originalResponse.getStatus(), undefined)
  }
}
