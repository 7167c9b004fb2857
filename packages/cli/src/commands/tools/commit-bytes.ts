/** The piece commitment of a file, or of standard input as `-`. */
import { addAbortSignal } from 'node:stream'
import { activeKernel } from '@granary/proofs/engine'
import { commitPiece, type PieceCommitment } from '@granary/proofs/piece'
import { commitPieceFile } from '@granary/proofs/piece/node'

const STDIN = 0

export async function commitBytes(file: string, signal: AbortSignal): Promise<PieceCommitment> {
  if (file !== '-') return await commitPieceFile(file, { signal })
  if (activeKernel().name !== 'ts') return await commitPieceFile(STDIN, { signal })
  // Without a native kernel a read of a pipe that gives nothing could not be stopped: waiting is for Node then.
  return await commitPiece(addAbortSignal(signal, process.stdin), { signal })
}
