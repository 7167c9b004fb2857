/**
 * Creation of an upload (tus POST): checked against the quote that it is for, what the client can pay, its quota and the
 * disk. It reserves nothing: room is taken as bytes arrive (docs/spec/market-protocol.md, upload). Synchronous, so that two
 * at once cannot both take the last of a quota.
 */

import { uploadMetadata } from '@granary/protocol/market'
import type { Address, Quote } from '@granary/protocol/messages'
import { inEnglish } from '@granary/protocol/operation'
import { describeIssues } from '../describe-issues.ts'
import type { Space } from '../storage/space.ts'
import { ClientFundsError, QuotaExceededError, UploadMetadataError, UploadTooLargeError } from './upload-errors.ts'
import type { UploadRow, UploadStore } from './upload-store.ts'

/** The quotes that the provider has given. */
export interface QuotesOfUploads {
  /** Undefined also once `head` has passed its end. */
  find(quoteId: string, head: number): Quote | undefined
  /** Also when it has run out: an upload that was opened for it goes on. */
  ofUpload(quoteId: string): Quote | undefined
}

export interface OpenUploadContext {
  readonly uploads: UploadStore
  readonly quotes: QuotesOfUploads
  readonly head: number
  readonly space: Space
  readonly limits: { readonly uploadsPerClient: number; readonly stagedBytesPerClient: number }
  /** That the provider can pay for what this comes to, beside all that it has promised. Throws when it can not. */
  readonly requireMeans: (quote: Quote) => void
  /** That content is served here, before bytes of it are sent. @throws ContentDeniedError */
  readonly requireServed: (rootCid: string | undefined) => void
}

export interface UploadRequest {
  readonly client: Address
  readonly sizeBytes: number
  readonly metadata: Record<string, string | null>
  /** What the client has on the chain, less what publishing costs. */
  readonly spendable: bigint
}

/** fr32 puts 254 bits of payload into each 256 bits of piece. */
export function payloadMax(pieceSize: number): number {
  return (pieceSize / 128) * 127
}

/** @throws UploadMetadataError, UploadTooLargeError, ClientFundsError, QuotaExceededError, CollateralShortError, FeesShortError, NoSpaceError, ContentDeniedError */
export function openUpload(context: OpenUploadContext, request: UploadRequest): UploadRow {
  const parsed = uploadMetadata.safeParse(request.metadata, inEnglish)
  if (!parsed.success) throw new UploadMetadataError(describeIssues(parsed.error))
  const { quoteId } = parsed.data
  context.requireServed(parsed.data.rootCid)
  const pieceSize = Number(parsed.data.pieceSize)

  const quote = context.quotes.find(quoteId, context.head)
  if (quote === undefined || quote.client !== request.client)
    throw new UploadMetadataError(`you have no valid quote ${quoteId}`)
  if (pieceSize !== quote.pieceSize)
    throw new UploadMetadataError(`pieceSize is ${pieceSize}, quote ${quoteId} is for ${quote.pieceSize}`)
  if (request.sizeBytes > payloadMax(pieceSize)) throw new UploadTooLargeError(request.sizeBytes, payloadMax(pieceSize))

  requireQuota(context, request)
  const needed = quote.total + costOfUploads(context, request.client)
  if (request.spendable < needed) throw new ClientFundsError(request.client, request.spendable, needed)
  context.requireMeans(quote)
  context.space.require(request.sizeBytes)
  return context.uploads.open({ client: request.client, quoteId, sizeBytes: request.sizeBytes })
}

/** What its open uploads leave to the client: known without asking the chain. @throws QuotaExceededError */
export function requireQuota(
  { uploads, limits }: Pick<OpenUploadContext, 'uploads' | 'limits'>,
  { client, sizeBytes }: Pick<UploadRequest, 'client' | 'sizeBytes'>,
): void {
  const usage = uploads.usageOf(client)
  if (usage.uploads >= limits.uploadsPerClient)
    throw new QuotaExceededError('uploads', usage.uploads, limits.uploadsPerClient)
  if (usage.bytes + sizeBytes > limits.stagedBytesPerClient)
    throw new QuotaExceededError('bytes', usage.bytes + sizeBytes, limits.stagedBytesPerClient)
}

export interface CostOfUploadsContext {
  readonly uploads: Pick<UploadStore, 'ofClient'>
  readonly quotes: Pick<QuotesOfUploads, 'ofUpload'>
}

/** What the client's open uploads will cost: the same money does not pay for two of them. */
export function costOfUploads({ uploads, quotes }: CostOfUploadsContext, client: Address): bigint {
  return uploads.ofClient(client).reduce((sum, { quoteId }) => sum + (quotes.ofUpload(quoteId)?.total ?? 0n), 0n)
}
