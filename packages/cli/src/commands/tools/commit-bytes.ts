/** The piece commitment of a file, or of standard input as `-`. */
import { addAbortSignal } from 'node:stream'
import { commitPiece, type PieceCommitment } from '@granary/proofs/piece'
import { commitPieceFile } from '@granary/proofs/piece/node'

export async function commitBytes(file: string, signal: AbortSignal): Promise<PieceCommitment> {
  // Standard input may be a pipe that is not ready: waiting is for Node, which knows how.
  if (file !== '-') return await commitPieceFile(file, { signal })
  return await commitPiece(addAbortSignal(signal, process.stdin), { signal })
}
