/**
 * Who gets which piece, and what that costs at most. Pure: pieces, what is known of the providers and what is wanted make the
 * plan. The copies of a piece are with different providers always, and of different owners, regions and address blocks where
 * there are such; where there are not, the plan says so. The best choice takes as many pieces as it has room for, so that
 * a file does not depend on more providers than its copies need.
 */
import type { ProviderView } from '@granary/protocol/client'
import type { ChainTime } from '@granary/protocol/epochs'
import { orderPriceMax } from '@granary/protocol/messages'
import type { Place, UploadPiece } from '../journal/upload-state.ts'
import { pricePerEpochOf } from '../providers/price-per-epoch-of.ts'
import { NoProviderError, type PieceWanted, type ProviderRefusal } from '../providers/rank-providers.ts'
import type { Candidate } from '../providers/survey-providers.ts'
import { addressBlockOf } from './address-block.ts'
import { type Choice, choose } from './choose.ts'

/** What two copies of one piece should not have in common. */
export type Trait = 'owner' | 'region' | 'address'
/** An owner loses all that is its own; a region, what a disaster takes; an address block, what a cable takes. */
const TRAIT_WEIGHTS: Readonly<Record<Trait, number>> = { owner: 4, region: 2, address: 1 }

export interface PlannedSlot extends Place {
  readonly slot: number
  readonly provider: number
  readonly name: string
  /** By the ask that the chain shows, in attoGRN for the whole duration: when it rises, what was agreed to still binds. */
  readonly price: bigint
  /** What its standing order may cost beside, in attoGRN. */
  readonly order: bigint
  readonly score: number
  readonly reasons: readonly string[]
  /** What it has in common with another copy of the piece, since there was no better one. */
  readonly shares: readonly Trait[]
}

export interface PlanInput {
  readonly pieces: readonly UploadPiece[]
  /** By index. */
  readonly slots: readonly (Place & { readonly provider?: number | undefined })[]
  /** Indices of the slots that need a provider. */
  readonly open: readonly number[]
  readonly candidates: readonly Candidate[]
  /** All that the chain has, those that did not answer too: copies may be with them. */
  readonly providers: readonly ProviderView[]
  readonly now: ChainTime
  /** Epochs. */
  readonly duration: number
  readonly collateralShareBps?: number | undefined
  /** The epoch up to which standing orders are to keep the deals going. */
  readonly renewUntil?: number | undefined
  /** Only this one will do. */
  readonly provider?: number | undefined
  /** By slot: who would not have it, with its words. */
  readonly refusedBy?: ReadonlyMap<number, ReadonlyMap<number, string>> | undefined
  /** Providers that did not answer, or not as they should. */
  readonly refusals: readonly ProviderRefusal[]
}

/** @throws NoProviderError for the first slot that nobody takes, with the reason of each provider */
export function planUpload(input: PlanInput): PlannedSlot[] {
  const {
    pieces,
    slots,
    open,
    candidates,
    providers,
    now,
    duration,
    collateralShareBps,
    renewUntil,
    provider,
    refusedBy,
  } = input
  const views = new Map([...providers, ...candidates.map(({ view }) => view)].map((view) => [view.id, view]))
  const holders = slots.map((slot) => slot.provider)
  const byPiece = Map.groupBy(slots.keys(), (index) => slots[index]!.piece)
  const room = new Map(candidates.map(({ view, info }) => [view.id, info.freeBytes]))
  return open.map((slot) => {
    const { piece, copy } = slots[slot]!
    const { pieceSize } = pieces[piece]!
    const copies = byPiece.get(piece)!
    const others = copies.flatMap((index) => (index === slot ? [] : (views.get(holders[index] ?? -1) ?? [])))
    const wanted: PieceWanted = {
      ...{ pieceSize, duration, collateralShareBps, renewUntil, provider, copies: copies.length },
      refusedBy: new Map([
        ...(refusedBy?.get(slot) ?? []),
        ...others.map(({ id }) => [id, 'it has another copy of the piece'] as const),
      ]),
    }
    const withRoom = candidates.map((found) => ({
      ...found,
      info: { ...found.info, freeBytes: room.get(found.view.id) ?? 0 },
    }))
    const { choices, refusals } = choose(withRoom, wanted, now)
    const best = farthest(choices, others)
    if (best === undefined) throw new NoProviderError(wanted, [...input.refusals, ...refusals], now)
    const { view } = best.choice.candidate
    const pricePerEpoch = pricePerEpochOf(view, pieceSize)
    holders[slot] = view.id
    room.set(view.id, (room.get(view.id) ?? 0) - pieceSize)
    return {
      ...{ slot, piece, copy, provider: view.id, name: view.name },
      price: pricePerEpoch * BigInt(duration),
      order: orderPriceMax({ pricePerEpoch, duration, extendableUntil: renewUntil ?? 0 }, now.height),
      score: best.choice.score,
      reasons: best.choice.reasons,
      shares: best.shares,
    }
  })
}

/** The best of those that have the least in common with the other copies. */
function farthest(
  choices: readonly Choice[],
  others: readonly ProviderView[],
): { choice: Choice; shares: readonly Trait[] } | undefined {
  let best: { choice: Choice; shares: readonly Trait[]; weight: number } | undefined
  for (const choice of choices) {
    const shares = sharedTraits(choice.candidate.view, others)
    const weight = shares.reduce((sum, trait) => sum + TRAIT_WEIGHTS[trait], 0)
    if (best === undefined || weight < best.weight) best = { choice, shares, weight }
  }
  return best
}

/** A region that is not named is not known to be another one. */
export function sharedTraits(view: ProviderView, others: readonly ProviderView[]): Trait[] {
  const blocks = addressBlocksOf(view)
  const shares: Readonly<Record<Trait, boolean>> = {
    owner: others.some(({ owner }) => owner === view.owner),
    region: others.some(({ region }) => region === '' || view.region === '' || region === view.region),
    address: others.some((other) => addressBlocksOf(other).some((block) => blocks.includes(block))),
  }
  return (Object.keys(shares) as Trait[]).filter((trait) => shares[trait])
}

function addressBlocksOf({ endpoints }: ProviderView): string[] {
  return endpoints.filter((endpoint) => /^https?:\/\//.test(endpoint) && URL.canParse(endpoint)).map(addressBlockOf)
}
