/** The piece commitment of a file, or of standard input as `-`. */
import { addAbortSignal, Readable } from 'node:stream'
import { activeKernel } from '@granary/proofs/engine'
import { commitPiece, type PieceCommitment } from '@granary/proofs/piece'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { standardInput } from '../../standard-input.ts'

/** @throws UsageError for a standard input that is closed */
export async function commitBytes(
  file: string,
  given: NodeJS.ReadableStream & { readonly fd?: number },
  signal: AbortSignal,
): Promise<PieceCommitment> {
  if (file !== '-') return await commitPieceFile(file, { signal })
  const stdin = standardInput(given)
  if (activeKernel().name !== 'ts' && stdin.fd !== undefined) return await commitPieceFile(stdin.fd, { signal })
  // Without a native kernel a read of a pipe that gives nothing could not be stopped: waiting is for Node then.
  return await commitPiece(addAbortSignal(signal, Readable.from(stdin)), { signal })
}
