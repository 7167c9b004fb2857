/** The piece CID: of the bytes that passed when they were sent, and of those that did not. */
import type { CallOptions } from '../../call-options.ts'
import { stateOf, type UploadRun } from '../upload-run.ts'
import { namingOf } from './send.ts'

export async function name(run: UploadRun, piece: number, options: CallOptions): Promise<void> {
  const { rootCid, pieces } = stateOf(run)
  const naming = await namingOf(run, piece)
  await using car = await run.ports.spool.open(rootCid, piece)
  const pieceCid = await naming.finish(car, options)
  await run.log.append({ type: 'piece:named', piece, pieceCid })
  run.namings.delete(piece)
  const { pieceSize, payloadSize } = pieces[piece]!
  run.report({ type: 'piece:done', piece, pieceCid, pieceSize, payloadSize })
}
