/**
 * Uploads give back what they hold when they were not agreed on in time, when nothing has come for them, and when their client
 * can no longer pay for them: the same money, moved on, would otherwise hold the collateral of one upload after the other.
 */

import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import type { PieceFiles } from '../deals/piece-files.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import { costOfUploads } from '../uploads/open-upload.ts'
import type { UploadStore } from '../uploads/upload-store.ts'
import type { QuoteStore } from './quote-store.ts'

export interface SweepContext {
  readonly uploads: UploadStore
  readonly quotes: Pick<QuoteStore, 'ofUpload'>
  readonly files: PieceFiles
  readonly lock: KeyedLock
  readonly freeBalanceOf: (client: Address) => Promise<bigint>
  readonly expiryMs: number
  readonly nowMs?: () => number
}

/** Who creates an upload has its bytes at hand. */
const EMPTY_MS = 10 * 60_000

/** @returns how many went */
export async function sweepUploads(context: SweepContext): Promise<number> {
  const { uploads, expiryMs, nowMs = Date.now } = context
  const late = uploads.openedBefore(nowMs() - expiryMs)
  const empty = uploads.openedBefore(nowMs() - EMPTY_MS).filter(({ uploadId }) => uploads.reservedOf(uploadId) === 0)
  let count = 0
  for (const { uploadId } of [...late, ...empty]) count += await end(context, uploadId)
  for (const client of new Set(uploads.all().map((upload) => upload.client))) count += await endUnpaid(context, client)
  return count
}

/** The newest first, until the rest is covered. The fee of publishing moves with the load, and ends nothing. */
async function endUnpaid(context: SweepContext, client: Address): Promise<number> {
  const balance = await context.freeBalanceOf(client).catch((error: unknown) => {
    // A chain that is away for a while ends no upload.
    if (GranaryError.is(error) && error.retryable) return undefined
    throw error
  })
  if (balance === undefined) return 0
  let count = 0
  const newestFirst = context.uploads.ofClient(client).toSorted((a, b) => b.createdAtMs - a.createdAtMs)
  for (const { uploadId } of newestFirst) {
    if (costOfUploads(context, client) <= balance) break
    count += await end(context, uploadId)
  }
  return count
}

/** One that is being agreed on right now holds this lock, and is no upload any more when it lets go. */
function end({ uploads, files, lock }: SweepContext, uploadId: string): Promise<number> {
  return lock.run(`upload:${uploadId}`, async () => {
    if (uploads.find(uploadId) === undefined) return 0
    await files.removeUpload(uploadId)
    return 1
  })
}
