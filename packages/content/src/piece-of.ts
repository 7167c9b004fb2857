/** CAR → piece: the commitment that the chain proves, over the CAR's bytes. docs/spec/proofs.md, pieces. */
import {
  commitPiece,
  createPieceHasher as createHasher,
  hashPairs254,
  loadPairHasher,
  type PieceCommitment,
} from '@granary/proofs/piece'
import { pieceCidV2 } from '@granary/proofs/verify'
import type { ReadOptions } from './store.ts'

export interface PieceInfo {
  readonly pieceCid: string
  /** Bytes after fr32 padding: a power of two. */
  readonly pieceSize: number
  /** Bytes of the CAR. */
  readonly payloadSize: number
}

/** Commits to bytes as they pass. */
export interface PieceHasher {
  /** Once it has resolved, the memory of the bytes may be used again. Those of several calls stand in the order of the calls. */
  write(bytes: Uint8Array): Promise<void>
  /** Of all that was written so far. */
  digest(): Promise<PieceInfo>
}

export async function pieceOf(car: AsyncIterable<Uint8Array>, options: ReadOptions = {}): Promise<PieceInfo> {
  return pieceInfo(await commitPiece(car, options.signal === undefined ? {} : { signal: options.signal }))
}

/** So much is hashed in the time in which a page fetches something quicker. */
const PORTABLE_BYTES = 2 ** 20

/**
 * What runs everywhere; Node has a quicker one in `@granary/content/node`. The WebAssembly is fetched for what is longer than a
 * MiB, and used from when it is there: both give the same.
 */
export async function createPieceHasher(): Promise<PieceHasher> {
  let hashPairs = hashPairs254
  let writtenBytes = 0
  const load = async () => {
    hashPairs = await loadPairHasher()
  }
  const hasher = createHasher((nodes, out) => hashPairs(nodes, out))
  return pieceHasherOver({
    write(bytes) {
      const isFirstBeyond = writtenBytes <= PORTABLE_BYTES && writtenBytes + bytes.length > PORTABLE_BYTES
      writtenBytes += bytes.length
      // It resolves, whatever happens to the request: loadPairHasher falls back to what is used already.
      if (isFirstBeyond) void load()
      hasher.write(bytes)
    },
    digest: hasher.digest,
  })
}

interface Committing {
  write(bytes: Uint8Array): void | Promise<void>
  digest(): PieceCommitment | Promise<PieceCommitment>
}

export function pieceHasherOver(hasher: Committing): PieceHasher {
  return {
    write: async (bytes) => await hasher.write(bytes),
    digest: async () => pieceInfo(await hasher.digest()),
  }
}

export function pieceInfo(commitment: PieceCommitment): PieceInfo {
  const { paddedSize, payloadSize } = commitment
  return { pieceCid: pieceCidV2(commitment), pieceSize: paddedSize, payloadSize }
}
