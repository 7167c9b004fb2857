/** Everything that the provider keeps of its market side, made from one open database. */
import type { DatabaseSync } from 'node:sqlite'
import { profileNamed } from '@granary/proofs/profile'
import { sealNeeds } from '@granary/proofs/seal'
import type { ProviderConfig } from '../config.ts'
import { createDealStore, type DealStore } from '../deals/deal-store.ts'
import { createPieceFiles, type PieceFiles } from '../deals/piece-files.ts'
import { createTimeline, type Timeline } from '../deals/timeline.ts'
import { createKeyedLock, type KeyedLock } from '../storage/keyed-lock.ts'
import { createSpace, type Space } from '../storage/space.ts'
import type { Volumes } from '../storage/volumes.ts'
import { createUploadChecks, type UploadChecks } from '../uploads/upload-checks.ts'
import { createUploadGate, type UploadGate } from '../uploads/upload-gate.ts'
import { createUploadStore, type UploadStore } from '../uploads/upload-store.ts'
import { createQuoteStore, type QuoteStore } from './quote-store.ts'

export interface Deals {
  readonly timeline: Timeline
  readonly uploads: UploadStore
  readonly quotes: QuoteStore
  readonly deals: DealStore
  readonly files: PieceFiles
  readonly space: Space
  readonly lock: KeyedLock
  readonly gate: UploadGate
  readonly checks: UploadChecks
}

export function createDeals(db: DatabaseSync, volumes: Volumes, config: () => ProviderConfig): Deals {
  const lock = createKeyedLock()
  const timeline = createTimeline(db)
  const uploads = createUploadStore(db)
  const quotes = createQuoteStore(db)
  const deals = createDealStore(db, timeline)
  const checks = createUploadChecks()
  const files = createPieceFiles({ volumes, deals, uploads, checks, lock })
  const space = createSpace({
    diskFreeBytes: () => volumes.freeBytes(sealBytesOf(config())),
    capacityBytes: () => config().capacityBytes,
    promisedBytes: () => deals.promisedBytes() + uploads.reservedBytes(),
    writtenBytes: () => deals.writtenBytes() + uploads.reservedBytes(),
  })
  return { timeline, uploads, quotes, deals, files, space, lock, checks, gate: createUploadGate() }
}

/** Of its largest sectors. */
function sealBytesOf({ profile, profiles }: ProviderConfig): number {
  return Math.max(...[profile, ...profiles].map((name) => sealNeeds(profileNamed(name), 1).diskBytes))
}
