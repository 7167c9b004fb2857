/** sealing → sealed: a ticket from the chain, then the replica, in a worker thread. */

import { toHex } from '@granary/base'
import { computeCommD, parsePieceCid } from '@granary/proofs/verify'
import { dealIdsOf, type Sector, type SectorIn, type Ticket } from '../sectors/sector.ts'
import { writeSectorRecord } from '../sectors/sector-record.ts'
import { piecesOn, profileOf, roomToSeal, type SealContext, SectorLostError } from './seal-context.ts'

/** The newest epochs' beacon entries may still be on their way. */
const TICKET_DEPTH = 2
/** A ticket with less of its life left than this share is not worth sealing with. */
const TICKET_RESERVE = 0.1

export async function makeReplica(
  context: SealContext,
  sector: SectorIn<'sealing'>,
  signal: AbortSignal,
): Promise<Sector> {
  const { store, sealer, deals, providerId, parentsDir } = context
  const { number } = sector
  const { ticket } = sector.phase
  // The ticket is written down before it is used: a seal that goes on after a kill must go on with the same one.
  if (ticket === null) {
    return store.move(number, 'sealing', { state: 'sealing', ticket: await drawTicket(context, number, signal) })
  }
  await refuseOldTicket(context, ticket, signal)
  const dealIds = dealIdsOf(sector)
  deals.record(dealIds, { type: 'seal-started', data: { sector: number } })
  using room = await roomToSeal(context, sector)
  await writeSectorRecord(room.path, { provider: providerId, ...sector, ticket })
  const result = await sealer.seal(
    `seal-${number}`,
    {
      profile: profileOf(context, sector).name,
      provider: providerId,
      sector: number,
      ticket: ticket.randomness,
      pieces: piecesOn(context, sector.pieces),
      dir: room.path,
      parentsDir,
    },
    {
      signal,
      onProgress: (progress) => {
        if (progress.type !== 'seal:layer') return
        const { layer, layers } = progress
        deals.record(dealIds, { type: 'seal-layer', data: { sector: number, layer, layers } })
      },
    },
  )
  const { commD, commR, sealMs, isWhole } = result
  const expected = expectedCommD(context, sector)
  if (commD !== expected) {
    throw new SectorLostError('COMM_D_MISMATCH', `sector ${number} has CommD ${commD}, its pieces give ${expected}`)
  }
  const sealed = store.move(number, 'sealing', { state: 'sealed', ticket, commD, commR, sealMs })
  if (isWhole) store.measure(number, { sealMs })
  deals.record(dealIds, { type: 'sealed', data: { sector: number, commR, seconds: sealMs / 1_000 } })
  return sealed
}

async function drawTicket(context: SealContext, number: number, signal: AbortSignal): Promise<Ticket> {
  const { height } = await context.chain.status({ signal })
  const epoch = Math.max(1, height - TICKET_DEPTH)
  const query = { tag: 'TICKET', epoch, provider: context.providerId, sector: number } as const
  const { randomness } = await context.chain.randomness(query, { signal })
  return { epoch, randomness }
}

async function refuseOldTicket({ chain }: SealContext, ticket: Ticket, signal: AbortSignal): Promise<void> {
  const [{ height }, { ticketMaxAge }] = await Promise.all([chain.status({ signal }), chain.params({ signal })])
  if (height - ticket.epoch <= ticketMaxAge * (1 - TICKET_RESERVE)) return
  throw new SectorLostError('TICKET_EXPIRED', `the ticket of epoch ${ticket.epoch} is too old at epoch ${height}`)
}

/** From the piece CIDs that the deals name, not from what lies on the disk. */
function expectedCommD(context: SealContext, sector: Sector): string {
  const pieces = sector.pieces.map(({ pieceCid, paddedSize }) => ({ root: parsePieceCid(pieceCid).root, paddedSize }))
  return toHex(computeCommD(pieces, profileOf(context, sector).sectorBytes))
}
