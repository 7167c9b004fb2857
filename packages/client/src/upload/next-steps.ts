/** What can be done for an upload as it is. Pure: the same state gives the same steps, whoever was killed before. */
import { PUBLISHED_MAX } from '../deals/publish-deal.ts'
import type { Slot, UploadState } from '../journal/upload-state.ts'

export type Step =
  | { readonly step: 'choose' | 'quote' | 'send' | 'offer' | 'agree' | 'follow'; readonly slot: number }
  /** Hash what was not hashed while it was sent. */
  | { readonly step: 'name'; readonly piece: number }
  /** One after the other: the messages of an account have an order. */
  | { readonly step: 'publish'; readonly slots: readonly number[] }

export interface Wanted {
  readonly until: 'published' | 'active'
  /** Slots whose provider has been found at its address by this run: before an agreement the others are looked for. */
  readonly met: ReadonlySet<number>
  /** Slots that nothing more is done for in this run. */
  readonly given: ReadonlySet<number>
}

/** So many slots are on their way to an agreement at the same time: each holds a few MiB and a connection. */
const UNDER_WAY_MAX = 4
/** So many deals are followed at the same time: each asks the chain twice a second, and listens to its provider. */
const FOLLOWED_MAX = 4

/** Steps that do not depend on each other, those of the first slots first. */
export function nextSteps(state: UploadState, { until, met, given }: Wanted): Step[] {
  const open = state.slots.map((slot, index) => ({ slot, index })).filter(({ index }) => !given.has(index))
  const before = open.filter(({ slot }) => !isAgreed(slot)).slice(0, UNDER_WAY_MAX)
  const agreed = open.filter(({ slot }) => slot.state === 'agreed').map(({ index }) => index)
  const published = until === 'active' ? open.filter(({ slot }) => slot.state === 'published') : []
  const unnamed = new Set<number>()
  const steps: Step[] = []
  for (const { slot, index } of before) {
    const step = stepOf(slot, met.has(index))
    if (step !== 'offer' || state.pieces[slot.piece]?.pieceCid !== undefined) steps.push({ step, slot: index })
    else unnamed.add(slot.piece)
  }
  for (const piece of unnamed) steps.push({ step: 'name', piece })
  if (agreed.length > 0) steps.push({ step: 'publish', slots: agreed.slice(0, PUBLISHED_MAX) })
  for (const { index } of published.slice(0, FOLLOWED_MAX)) steps.push({ step: 'follow', slot: index })
  return steps
}

function isAgreed({ state }: Slot): boolean {
  return state === 'agreed' || state === 'published' || state === 'active'
}

function stepOf(slot: Slot, isMet: boolean): 'choose' | 'quote' | 'send' | 'offer' | 'agree' {
  if (!isMet) return 'choose'
  switch (slot.state) {
    case 'vacant':
      return 'choose'
    case 'chosen':
      return 'quote'
    case 'quoted':
      return 'send'
    case 'uploaded':
      return 'offer'
    default:
      return 'agree'
  }
}
