/** Does what the planner says: opens sectors, adds deals, closes sectors. All of it is written down before it returns. */

import { profileNamed } from '@granary/proofs/profile'
import type { Alerts } from '../alerts.ts'
import { type PlanInput, planSector, type SectorSize } from '../sectors/plan-sector.ts'
import type { DealFeed, PlaceableDeal } from '../sectors/port.ts'
import { dealIdsOf, type Sector } from '../sectors/sector.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { Witness } from '../storage/witness.ts'

export interface PlaceInput {
  readonly store: SectorStore
  readonly deals: DealFeed
  readonly sizes: PlanInput['sizes']
  /** Of a sector whose row names none. */
  readonly first: SectorSize
  readonly sealAfterMs: number
  readonly nowMs: number
  readonly closeByMs: PlanInput['closeByMs']
  /** Deals that were refused already, so that it is said once. */
  readonly refused: Set<number>
  readonly witness: Pick<Witness, 'numbered'>
  /** Its piece is known to be so: it waits until that is mended, and spends no sector. */
  readonly isDamaged: (pieceCid: string) => boolean
  readonly alerts: Pick<Alerts, 'raise' | 'clear' | 'list'>
}

export interface Placed {
  /** Closed now: to be sealed. */
  readonly closed: readonly number[]
  /** When to ask again, if nothing else happens. */
  readonly waitUntilMs: number | undefined
}

/** A deal whose sectors failed this often is not tried again: something about it is wrong. */
const FAILED_PLACEMENTS_MAX = 3

export function placeDeals(input: PlaceInput): Placed {
  const { store, deals, sizes, sealAfterMs, nowMs, closeByMs, witness } = input
  const closed: number[] = []
  let waitUntilMs: number | undefined
  // The first round places, the second closes what is ready then; there is no third to be done.
  for (let round = 1; round <= 2; round++) {
    const waiting = placeable(input)
    const filling = store.inStates('filling').map((sector) => ({ ...sector, size: sizeOf(input, sector) }))
    for (const action of planSector({ sizes, sealAfterMs, nowMs, closeByMs, filling, waiting })) {
      switch (action.type) {
        case 'refuse':
          refuse(
            input,
            action.deal,
            action.code,
            `its piece takes ${action.deal.paddedSize} bytes of ${sizes.at(-1)?.sectorBytes}`,
          )
          break
        case 'open':
          placed(deals, store.open(action.deals, nowMs, action.profile), action.deals)
          witness.numbered(store.nextNumber())
          break
        case 'add':
          placed(deals, store.add(action.sector, action.deals), action.deals)
          break
        case 'seal':
          startSealing(deals, store.close(action.sector, action.layout))
          closed.push(action.sector)
          break
        case 'wait':
          waitUntilMs = action.untilMs
          break
        default:
          assertNever(action)
      }
    }
  }
  return { closed, waitUntilMs }
}

function sizeOf({ first }: PlaceInput, { profile }: Sector): SectorSize {
  return profile === undefined ? first : { profile, sectorBytes: profileNamed(profile).sectorBytes }
}

function placeable(input: PlaceInput): PlaceableDeal[] {
  const { store, deals, refused, isDamaged } = input
  const unplaced = deals.publishedUnplaced()
  clearEnded(input, unplaced)
  const open = unplaced.filter(({ dealId }) => !refused.has(dealId) && !store.isPlaced(dealId))
  const sound = open.filter(({ pieceCid }) => !isDamaged(pieceCid))
  return sound.filter((deal) => {
    const failures = store.failedPlacements(deal.dealId)
    if (failures < FAILED_PLACEMENTS_MAX) return true
    refuse(input, deal, 'SEALING_GIVEN_UP', `${failures} sectors with it have failed`)
    return false
  })
}

const refusals = ['SEALING_GIVEN_UP', 'PIECE_LARGER_THAN_SECTOR'] as const

/** Of deals that have lapsed, or ended in another way, since. */
function clearEnded({ alerts }: PlaceInput, unplaced: readonly PlaceableDeal[]): void {
  const subjects = new Set(unplaced.map(subjectOf))
  for (const { code, subject = '' } of alerts.list())
    if (refusals.some((each) => each === code) && !subjects.has(subject)) alerts.clear(code, subject)
}

function subjectOf({ dealId }: PlaceableDeal): string {
  return `deal ${dealId}`
}

function refuse(
  { deals, refused, alerts }: PlaceInput,
  deal: PlaceableDeal,
  code: (typeof refusals)[number],
  message: string,
): void {
  const { dealId } = deal
  refused.add(dealId)
  deals.record([dealId], { type: 'failed', data: { code, message } })
  const hint =
    'It lapses, with its collateral, unless it was published with another provider too: see why in the lines before.'
  alerts.raise({ code, subject: subjectOf(deal), message: `deal ${dealId} is not sealed: ${message}`, hint })
}

function placed(feed: DealFeed, sector: Sector, deals: readonly PlaceableDeal[]): void {
  const dealIds = deals.map(({ dealId }) => dealId)
  feed.assign(dealIds, sector.number)
  feed.record(dealIds, { type: 'sector-planned', data: { sector: sector.number, pieces: sector.pieces.length } })
}

function startSealing(feed: DealFeed, sector: Sector): void {
  for (const dealId of dealIdsOf(sector)) feed.setState(dealId, 'sealing')
}

function assertNever(action: never): never {
  throw new TypeError(`the planner said ${JSON.stringify(action)}`)
}
