/** The commitment to a piece that can be read, of all that is in it. */
import type { PieceHasher, PieceInfo } from '@granary/content'
import type { CallOptions } from '../call-options.ts'
import type { PieceSource } from '../ports.ts'

const READ_BYTES = 4 << 20

export async function commitTo(
  piece: PieceSource,
  hasher: PieceHasher,
  { signal }: CallOptions = {},
): Promise<PieceInfo> {
  for (let at = 0; at < piece.size; at += READ_BYTES) {
    signal?.throwIfAborted()
    hasher.write(await piece.read(at, Math.min(piece.size, at + READ_BYTES)))
  }
  return hasher.digest()
}
