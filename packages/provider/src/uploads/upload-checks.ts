/**
 * The checks of pieces that are still arriving, so that little of one is left when it is agreed on (ADR 89). They are in memory alone:
 * whatever ends one, a restart too, has the agreement read all of the file. Bounded in number, for each has memory of its own.
 */

import type { PieceCommitment } from '@granary/proofs/piece'
import { PIECE_PART_BYTES } from '@granary/proofs/piece/node'
import { checkPiece, type PieceCheck } from './check-piece.ts'

/** At once, of 17 MB each. */
const CHECKS_MAX = 4
/** One whose client has sent nothing for so long makes room for another. */
const RESTING_MS = 60_000

export interface UploadToCheck {
  readonly uploadId: string
  readonly path: string
  /** Undefined: any bytes. */
  readonly rootCid: string | undefined
}

export interface UploadChecks {
  /** So many bytes are in its file, and stay as they are. */
  written(upload: UploadToCheck, bytes: number): void
  /**
   * Of all that is in the file now, which nobody writes to any more. Undefined when it was not checked for that root while it came, or
   * did not pass: then it is to be checked from its beginning.
   */
  finish(upload: UploadToCheck): Promise<PieceCommitment | undefined>
  forget(uploadId: string): void
}

export function createUploadChecks(nowMs: () => number = Date.now): UploadChecks {
  const running = new Map<string, { readonly upload: UploadToCheck; readonly check: PieceCheck; atMs: number }>()

  function begin(upload: UploadToCheck): void {
    if (running.size >= CHECKS_MAX) {
      const resting = running.values().find(({ atMs }) => nowMs() - atMs > RESTING_MS)
      if (resting === undefined) return
      running.delete(resting.upload.uploadId)
    }
    running.set(upload.uploadId, { upload, check: checkPiece(upload.path, upload.rootCid), atMs: nowMs() })
  }

  return {
    written(upload, bytes) {
      if (bytes < PIECE_PART_BYTES) return
      if (!running.has(upload.uploadId)) begin(upload)
      const own = running.get(upload.uploadId)
      if (own === undefined) return
      own.atMs = nowMs()
      own.check.advance(bytes)
    },
    async finish({ uploadId, path, rootCid }) {
      const own = running.get(uploadId)
      running.delete(uploadId)
      if (own === undefined || own.upload.path !== path || own.upload.rootCid !== rootCid) return undefined
      return await own.check.finish().catch(() => undefined)
    },
    forget: (uploadId) => void running.delete(uploadId),
  }
}
