/** The bytes of a piece, made again from a sector that holds it. */
import { GranaryError } from '@granary/base'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { pieceCidV2 } from '@granary/proofs/verify'
import { isIn, type Sector } from '../sectors/sector.ts'
import { type SealContext, sectorDir } from './seal-context.ts'

export class PieceNotSealedError extends GranaryError {
  constructor(pieceCid: string, cause: unknown) {
    super({
      code: 'PIECE_NOT_SEALED',
      message: `no sound replica here holds piece ${pieceCid}`,
      hint: 'its client can send it again: `granary put --again` of the same file',
      details: { pieceCid },
      cause,
    })
  }
}

/** @throws PieceNotSealedError with the reason of the last replica that failed as its cause */
export async function unsealFromReplica(
  context: Pick<SealContext, 'store' | 'queue' | 'folder' | 'parentsDir'>,
  pieceCid: string,
  out: string,
  signal: AbortSignal,
): Promise<void> {
  const { store, queue, parentsDir } = context
  let cause: unknown
  for (const { number, pieces } of replicas(store)) {
    const piece = pieces.find((each) => each.pieceCid === pieceCid)
    if (piece === undefined || piece.offset === null) continue
    const { offset, payloadSize } = piece
    const input = { dir: sectorDir(context, number), parentsDir, offset, payloadSize, out }
    const id = `unseal-${number}-${offset}`
    try {
      await queue.run({ kind: 'unseal', id, urgent: true, input }, { signal })
      const found = pieceCidV2(await commitPieceFile(out, { signal }))
      if (found === pieceCid) return
      cause = new Error(`sector ${number} gives ${found}`)
    } catch (error) {
      signal.throwIfAborted()
      cause = error
    }
  }
  throw new PieceNotSealedError(pieceCid, cause)
}

/** Also of sectors that are over, as long as their folders are there: one may hold the last copy of a piece. */
function replicas(store: SealContext['store']): Sector[] {
  const held = store.inStates('proving', 'committing', 'precommitted', 'precommitting', 'sealed')
  const over = store.inStates('failed', 'expired', 'terminated')
  const isThere = (sector: Sector): boolean => isIn(sector, 'failed', 'expired', 'terminated') && !sector.phase.cleaned
  return [...held, ...over.filter(isThere)]
}
