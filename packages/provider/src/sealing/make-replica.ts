/** sealing → sealed: a ticket from the chain, then the replica, in a worker thread. */

import { toHex } from '@granary/base'
import type { SealProgress } from '@granary/proofs/seal'
import { computeCommD, parsePieceCid } from '@granary/proofs/verify'
import { JobFailedError } from '../queue/job-queue.ts'
import { dealIdsOf, type Sector, type SectorIn, type Ticket } from '../sectors/sector.ts'
import { forgetUnbegun, writeSectorRecord } from '../sectors/sector-record.ts'
import { requirePublished } from './pre-commit.ts'
import {
  piecesOn,
  profileOf,
  requireThere,
  roomToSeal,
  type SealContext,
  SectorLostError,
  sectorDir,
} from './seal-context.ts'
import { unlessAway } from './unless-away.ts'

/** The newest epochs' beacon entries may still be on their way. */
const TICKET_DEPTH = 2
/** A ticket with less of its life left than this share is not worth sealing with. */
const TICKET_RESERVE = 0.1

class TicketExpiredError extends SectorLostError {
  constructor({ epoch }: Ticket, height: number) {
    super('TICKET_EXPIRED', `the ticket of epoch ${epoch} is too old at epoch ${height}`)
  }
}

export async function makeReplica(
  context: SealContext,
  sector: SectorIn<'sealing'>,
  signal: AbortSignal,
): Promise<Sector> {
  const { store } = context
  const { number } = sector
  const { ticket } = sector.phase
  // The ticket is written down before it is used: a seal that goes on after a kill must go on with the same one.
  if (ticket === null) {
    return store.move(number, 'sealing', { state: 'sealing', ticket: await drawTicket(context, number, signal) })
  }
  const lastEpoch = await lastEpochOf(context, ticket, signal)
  const requireFresh = (height: number): void => {
    if (height > lastEpoch) throw new TicketExpiredError(ticket, height)
  }
  try {
    requireFresh((await context.chain.status({ signal })).height)
    await requirePublished(context, sector, signal)
    return await sealWith(context, sector, ticket, () => requireFresh(context.head.height()), signal)
  } catch (error) {
    // Nothing is lost with a ticket that nothing was made with: what waited for its turn too long gets another.
    if (error instanceof TicketExpiredError && (await isUnbegun(context, number)))
      return store.move(number, 'sealing', { state: 'sealing', ticket: null })
    throw error
  }
}

async function sealWith(
  context: SealContext,
  sector: SectorIn<'sealing'>,
  ticket: Ticket,
  requireWanted: () => void,
  signal: AbortSignal,
): Promise<Sector> {
  const { store, sealer, deals, providerId, parentsDir } = context
  const { number } = sector
  const dealIds = dealIdsOf(sector)
  const pieces = piecesOn(context, sector.pieces)
  requireThere(context, pieces)
  deals.record(dealIds, { type: 'seal-started', data: { sector: number } })
  using room = await roomToSeal(context, sector)
  await writeSectorRecord(room.path, { provider: providerId, ...sector, ticket })
  const input = {
    profile: profileOf(context, sector).name,
    provider: providerId,
    sector: number,
    ticket: ticket.randomness,
    pieces,
    dir: room.path,
    parentsDir,
  }
  const onProgress = (progress: SealProgress): void => {
    if (progress.type !== 'seal:layer') return
    const { layer, layers } = progress
    deals.record(dealIds, { type: 'seal-layer', data: { sector: number, layer, layers } })
  }
  const paths = [room.path, ...pieces.map(({ path }) => path)]
  const result = await unlessAway(context, paths, signal, (either) =>
    sealer.seal(`seal-${number}`, input, { signal: either, requireWanted, onProgress }),
  ).catch((error: unknown) => {
    // A disk that has vanished since, or was silent, has lost nothing.
    if (error instanceof JobFailedError) requireThere(context, pieces)
    throw error
  })
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

/** From then on its folder says nothing of it either. */
async function isUnbegun(context: SealContext, number: number): Promise<boolean> {
  const isAway = context.volumes.awayFor({ kind: 'sector', number }) !== undefined
  return !isAway && (await forgetUnbegun(sectorDir(context, number)))
}

/** What is sealed with it later than that would come too late for its pre-commitment. */
async function lastEpochOf({ chain }: SealContext, ticket: Ticket, signal: AbortSignal): Promise<number> {
  const { ticketMaxAge } = await chain.params({ signal })
  return ticket.epoch + ticketMaxAge * (1 - TICKET_RESERVE)
}

/** From the piece CIDs that the deals name, not from what lies on the disk. */
function expectedCommD(context: SealContext, sector: Sector): string {
  const pieces = sector.pieces.map(({ pieceCid, paddedSize }) => ({ root: parsePieceCid(pieceCid).root, paddedSize }))
  return toHex(computeCommD(pieces, profileOf(context, sector).sectorBytes))
}
