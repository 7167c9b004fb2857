/** A damaged replica made again from the unsealed pieces, with the ticket that the chain keeps. */
import { GranaryError } from '@granary/base'
import { replaceReplica } from '../sealing/replace-replica.ts'
import { piecesOn, sectorOnChain } from '../sealing/seal-context.ts'
import type { SectorIn } from '../sectors/sector.ts'
import type { ProvingContext } from './proving-context.ts'

export class SectorGoneError extends GranaryError {
  constructor(number: number) {
    super({
      code: 'SECTOR_UNKNOWN',
      message: `the chain does not know sector ${number}`,
      hint: 'See that the provider follows the chain that it was sealed for.',
      details: { sector: number },
    })
  }
}

/** @throws PieceDamagedError PIECE_DAMAGED, SectorGoneError SECTOR_UNKNOWN, and what replaceReplica throws */
export async function sealAgain(
  context: ProvingContext,
  sector: SectorIn<'proving'>,
  signal: AbortSignal,
): Promise<void> {
  const { chain, providerId, prover } = context
  const { number, phase, pieces } = sector
  await prover.checkPieces(piecesOn(context, pieces), signal)
  // From the chain, which holds CommR for it too: the folder may be gone.
  const view = await sectorOnChain(context, number, signal)
  if (view === undefined) throw new SectorGoneError(number)
  const query = { tag: 'TICKET', epoch: view.ticketEpoch, provider: providerId, sector: number } as const
  const { randomness: ticket } = await chain.randomness(query, { signal })
  await replaceReplica(context, { sector, ticket, commR: phase.commR, withLayers: false }, signal)
}
