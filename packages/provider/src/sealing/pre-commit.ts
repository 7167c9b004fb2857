/**
 * sealed → precommitting → precommitted. The intention is written down first; whether the message arrived is asked of
 * the chain before it is sent again, because a number can be committed only once.
 */
import { fromHex } from '@granary/base'
import type { DealView, SectorView, TxView } from '@granary/protocol/client'
import { sectorLane } from '../sectors/lanes.ts'
import { dealIdsOf, hasLostDeals, type Sector, type SectorIn, type Ticket } from '../sectors/sector.ts'
import { profileOf, type SealContext, SectorLostError, sectorOnChain } from './seal-context.ts'

/** Refuses deals that are gone before anything is bound; the intention is durable before the message is sent. */
export async function planPreCommit(
  context: SealContext,
  sector: SectorIn<'sealed'>,
  signal: AbortSignal,
): Promise<Sector> {
  const { ticket, commD, commR } = sector.phase
  refuseLostDeals(sector)
  await requirePublished(context, sector, signal)
  return context.store.move(sector.number, 'sealed', { state: 'precommitting', ticket, commD, commR })
}

export async function preCommit(
  context: SealContext,
  sector: SectorIn<'precommitting'>,
  signal: AbortSignal,
): Promise<Sector> {
  const { number } = sector
  refuseLostDeals(sector)
  const undoneAt = context.chain.height
  const known = await sectorOnChain(context, number, signal)
  if (known !== undefined) return adopt(context, sector, known, undefined)
  const tx = await send(context, sector, undoneAt, signal)
  const view = await sectorOnChain(context, number, signal)
  if (view === undefined)
    throw new SectorLostError('PRECOMMIT_LOST', `sector ${number} is not on the chain after ${tx.id}`)
  return adopt(context, sector, view, tx)
}

async function send(
  context: SealContext,
  sector: SectorIn<'precommitting'>,
  undoneAt: number,
  signal: AbortSignal,
): Promise<TxView> {
  const { lanes, providerId } = context
  const { number } = sector
  const { ticket, commD, commR } = sector.phase
  const deals = dealIdsOf(sector)
  try {
    await refuseOtherTicket(context, number, ticket, signal)
    const expiry = await chooseExpiry(context, deals, signal)
    return await lanes.send(
      sectorLane(number),
      'PreCommitSectors',
      {
        provider: providerId,
        sectors: [
          {
            number,
            profile: profileOf(context, sector).name,
            commD: fromHex(commD),
            commR: fromHex(commR),
            ticketEpoch: ticket.epoch,
            deals,
            expiry,
          },
        ],
      },
      { signal, undoneAt },
    )
  } catch (error) {
    // The answer may be about a message that did arrive, or about something that trying again cannot mend.
    if (!signal.aborted && (await sectorOnChain(context, number, signal)) === undefined) {
      refuseUnpublished(await dealViews(context, deals, signal))
      await refuseOldTicket(context, ticket.epoch, signal)
    }
    throw error
  }
}

function adopt(
  { store, deals }: SealContext,
  sector: SectorIn<'precommitting'>,
  view: SectorView,
  tx: TxView | undefined,
): Sector {
  const { number } = sector
  const { ticket, commD, commR } = sector.phase
  if (view.commR !== commR) {
    // Numbers are never used twice: some other store of this provider has been here.
    store.skipNumbersBelow(number + 1)
    throw new SectorLostError('SECTOR_NUMBER_USED', `sector ${number} is on the chain with CommR ${view.commR}`)
  }
  const { commitBy, expiry, preCommitEpoch } = view
  const moved = store.move(number, 'precommitting', {
    state: 'precommitted',
    ticket,
    commD,
    commR,
    commitBy,
    expiry,
  })
  deals.record(dealIdsOf(sector), {
    type: 'precommitted',
    epoch: preCommitEpoch,
    data: { sector: number, ...(tx === undefined ? {} : { tx: tx.id }) },
  })
  return moved
}

/**
 * Not before any of its deals could end, proven at the last moment; not later than the chain allows. What is paid for later
 * moves it out. Chosen anew for each sending, since the bounds move with the head.
 */
async function chooseExpiry(context: SealContext, dealIds: readonly number[], signal: AbortSignal): Promise<number> {
  const { chain } = context
  const [status, params] = await Promise.all([chain.status({ signal }), chain.params({ signal })])
  const views = await dealViews(context, dealIds, signal)
  refuseUnpublished(views)
  // Not what one answer says that no other may: the pledge is locked until then.
  const height = Math.min(status.height, chain.height)
  const commitBy = height + params.commitExpiry
  const durationMax = Math.max(params.dealDurationMin, ...views.map(({ terms }) => Number(terms.duration)))
  // The message may wait for a block: a period is room enough.
  const wanted = commitBy + durationMax + params.provingPeriod
  return Math.min(wanted, commitBy + params.dealDurationMax + 2 * params.provingPeriod)
}

/** What lapsed while nobody looked is not worth the work of sealing it. @throws SectorLostError DEAL_NOT_AVAILABLE */
export async function requirePublished(context: SealContext, sector: Sector, signal: AbortSignal): Promise<void> {
  refuseUnpublished(await dealViews(context, dealIdsOf(sector), signal))
}

function refuseLostDeals(sector: Sector): void {
  if (!hasLostDeals(sector)) return
  throw new SectorLostError('CHAIN_ROLLED_BACK', `the chain does not know a deal of sector ${sector.number} any more`)
}

function refuseUnpublished(views: readonly DealView[]): void {
  const late = views.filter(({ state }) => state !== 'published')
  if (late.length === 0) return
  const which = late.map(({ id, state }) => `${id} (${state})`).join(', ')
  throw new SectorLostError('DEAL_NOT_AVAILABLE', `not open for a sector any more: deal ${which}`)
}

/** A chain that was restored from a copy older than the ticket has drawn again: no proof with this one would pass. */
async function refuseOtherTicket(
  { chain, providerId }: SealContext,
  number: number,
  { epoch, randomness }: Ticket,
  signal: AbortSignal,
): Promise<void> {
  const query = { tag: 'TICKET', epoch, provider: providerId, sector: number } as const
  const drawn = await chain.randomness(query, { signal })
  if (drawn.randomness === randomness) return
  throw new SectorLostError('CHAIN_ROLLED_BACK', `the chain has another ticket for sector ${number} at epoch ${epoch}`)
}

async function refuseOldTicket({ chain }: SealContext, ticketEpoch: number, signal: AbortSignal): Promise<void> {
  const [{ height }, { ticketMaxAge }] = await Promise.all([chain.status({ signal }), chain.params({ signal })])
  if (height - ticketEpoch < ticketMaxAge) return
  throw new SectorLostError('TICKET_EXPIRED', `the ticket of epoch ${ticketEpoch} is too old at epoch ${height}`)
}

async function dealViews({ chain }: SealContext, dealIds: readonly number[], signal: AbortSignal): Promise<DealView[]> {
  const views: DealView[] = []
  for (const dealId of dealIds) views.push(await chain.deal(dealId, { signal }))
  return views
}
