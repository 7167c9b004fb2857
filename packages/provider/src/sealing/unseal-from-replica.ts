/** The bytes of a piece, made again from a sector that holds it. */
import { GranaryError } from '@granary/base'
import { commitPieceFile } from '@granary/proofs/piece/node'
import { pieceCidV2 } from '@granary/proofs/verify'
import { isIn, type Sector } from '../sectors/sector.ts'
import { type SealContext, sectorDir } from './seal-context.ts'
import { unlessAway } from './unless-away.ts'

interface ReplicaFailure {
  readonly sector: number
  readonly error: unknown
}

export class PieceNotSealedError extends GranaryError {
  constructor(pieceCid: string, failures: readonly ReplicaFailure[]) {
    const why = failures.map(({ sector, error }) => `sector ${sector}: ${describe(error)}`)
    const replicas = failures.length === 0 ? 'no sector here holds it' : why.join('; ')
    super({
      code: 'PIECE_NOT_SEALED',
      message: `piece ${pieceCid} cannot be made again: ${replicas}`,
      hint: 'its client can send it again: `granary put --again` of the same file',
      details: { pieceCid, sectors: failures.map(({ sector }) => sector) },
      cause: failures.at(-1)?.error,
    })
  }
}

/** @throws PieceNotSealedError with the reason of each replica that failed */
export async function unsealFromReplica(
  context: Pick<SealContext, 'store' | 'queue' | 'volumes' | 'parentsDir'>,
  pieceCid: string,
  out: string,
  signal: AbortSignal,
): Promise<void> {
  const { store, queue, parentsDir } = context
  const failures: ReplicaFailure[] = []
  for (const { number, pieces } of replicas(store)) {
    const piece = pieces.find((each) => each.pieceCid === pieceCid)
    if (piece === undefined || piece.offset === null) continue
    const { offset, payloadSize } = piece
    const input = { dir: sectorDir(context, number), parentsDir, offset, payloadSize, out }
    const id = `unseal-${number}-${offset}`
    try {
      await unlessAway(context, [input.dir, out], signal, (either) =>
        queue.run({ kind: 'unseal', id, urgent: true, input }, { signal: either }),
      )
      const found = pieceCidV2(await commitPieceFile(out, { signal }))
      if (found === pieceCid) return
      failures.push({ sector: number, error: new Error(`its replica gives ${found}`) })
    } catch (error) {
      signal.throwIfAborted()
      failures.push({ sector: number, error })
    }
  }
  throw new PieceNotSealedError(pieceCid, failures)
}

function describe(error: unknown): string {
  return Error.isError(error) ? error.message : String(error)
}

/** Also of sectors that are over, as long as their folders are there: one may hold the last copy of a piece. */
function replicas(store: SealContext['store']): Sector[] {
  const held = store.inStates('proving', 'committing', 'precommitted', 'precommitting', 'sealed')
  const over = store.inStates('failed', 'expired', 'terminated')
  const isThere = (sector: Sector): boolean => isIn(sector, 'failed', 'expired', 'terminated') && !sector.phase.cleaned
  return [...held, ...over.filter(isThere)]
}
