/** When a deal ends, and what it costs that it goes on. */
import type { ChainStatus, DealView } from '@granary/protocol/client'
import type { AttoGrn, Epoch } from '@granary/protocol/messages'

const DAY_MS = 24 * 60 * 60_000
const MONTH_MS = 30 * DAY_MS

/** Days before the end of a deal at which its client is warned, the most urgent first. */
export const WARNING_DAYS = [3, 14, 30] as const

/** What it costs that a deal goes on, and how. */
export interface GoingOn {
  readonly deal: number
  readonly endsAt: Epoch
  readonly endsInMs: number
  /** The warning that is due, in days before the end; null: there is more time than that. */
  readonly warning: (typeof WARNING_DAYS)[number] | null
  /** attoGRN for thirty days more. */
  readonly pricePerMonth: AttoGrn
  /** Up to then anybody may top the deal up; null: only its provider can give it more time. */
  readonly extendableUntil: Epoch | null
}

/** Undefined for a deal that does not run. */
export function goingOn(
  deal: DealView,
  { height, blockTimeMs }: Pick<ChainStatus, 'height' | 'blockTimeMs'>,
): GoingOn | undefined {
  const { id, state, endsAt, terms } = deal
  if (state !== 'active' || endsAt === undefined || endsAt <= height) return undefined
  const endsInMs = (endsAt - height) * blockTimeMs
  return {
    deal: id,
    endsAt,
    endsInMs,
    warning: WARNING_DAYS.find((days) => endsInMs <= days * DAY_MS) ?? null,
    pricePerMonth: BigInt(terms.pricePerEpoch) * BigInt(Math.ceil(MONTH_MS / blockTimeMs)),
    extendableUntil: terms.extendableUntil === undefined ? null : Number(terms.extendableUntil),
  }
}
