/** What one run of an upload works with: the log of the upload, and what only this run knows. */
import type { GranaryError } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { UploadLog } from '../journal/create-upload-log.ts'
import type { Slot, UploadPiece, UploadState } from '../journal/upload-state.ts'
import type { Ports } from '../ports.ts'
import type { Candidate, Survey } from '../providers/survey-providers.ts'
import type { PieceNaming } from './piece-naming.ts'
import type { PutProgress } from './put-progress.ts'
import type { OrderWanted } from './slot-price.ts'

export interface UploadRun {
  readonly ports: Ports
  readonly status: ChainStatus
  readonly log: UploadLog
  /** Goes on the chain. */
  readonly label: string
  /** Hundredths of a percent of the price that a provider is to put up. */
  readonly collateralShareBps: number | undefined
  readonly order: OrderWanted
  /** The user named the provider: no other will do. */
  readonly provider: number | undefined
  readonly report: (progress: PutProgress) => void
  /** attoGRN that were agreed to, with all fees; undefined: any price will do. */
  readonly maxPrice: bigint | undefined
  /** The most that a deal costs beside its price, in attoGRN. */
  readonly feesPerDeal: bigint
  /** By agreement: what this run has allowed the deal to cost beside its price, from when it is published on. */
  readonly dealFees: Map<Hash, bigint>
  /** Slots of an earlier upload that had more copies. */
  readonly skipped: ReadonlySet<number>
  /** Who has answered lately. */
  readonly survey: (options: CallOptions) => Promise<Survey>
  /** By slot: providers that this run has found at their addresses. */
  readonly met: Map<number, Candidate>
  /** By slot: who would not have it in this run, each the first one first. */
  readonly refusals: Map<number, Map<number, GranaryError>>
  /** By slot: how often the chain has had its deal no more in this run. */
  readonly forgotten: Map<number, number>
  /** Slots whose terms the provider called outdated in this run: once is enough. */
  readonly withdrawn: Set<number>
  /** By piece: what is hashed as it is sent. */
  readonly namings: Map<number, PieceNaming>
  /** By provider: gives a token that is good for the next minute. */
  readonly tokens: Map<number, () => Promise<string>>
  /** Compares slots of earlier runs, or of before the chain was rolled back, with the deals that there are. */
  readonly compare: () => Promise<void>
}

export function stateOf({ log }: Pick<UploadRun, 'log'>): UploadState {
  if (log.state === undefined) throw new RangeError('the upload was not opened')
  return log.state
}

export function slotOf(run: UploadRun, index: number): Slot & { readonly of: UploadPiece } {
  const { slots, pieces } = stateOf(run)
  const slot = slots[index]
  const of = slot && pieces[slot.piece]
  if (of === undefined) throw new RangeError(`there is no slot ${index}`)
  return { ...slot!, of }
}

/** The state that a step begins with: the planner gives no other. */
export function slotIn<S extends Slot['state']>(
  run: UploadRun,
  index: number,
  ...states: readonly S[]
): Extract<Slot, { readonly state: S }> & { readonly of: UploadPiece } {
  const slot = slotOf(run, index)
  const found = states.find((state) => state === slot.state)
  if (found === undefined) throw new RangeError(`slot ${index} is ${slot.state}, not ${states.join(' or ')}`)
  return slot as Extract<Slot, { readonly state: S }> & { readonly of: UploadPiece }
}
