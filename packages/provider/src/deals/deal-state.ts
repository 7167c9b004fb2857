/**
 * The life of a deal as the provider sees it (docs/spec/market-protocol.md):
 * agreed → published → sealing → active → expired | terminated; side exits offer-expired, lapsed, cancelled.
 */
export type DealState =
  | 'agreed'
  | 'published'
  | 'sealing'
  | 'active'
  | 'expired'
  | 'terminated'
  | 'offer-expired'
  | 'lapsed'
  | 'cancelled'

const next: Readonly<Record<DealState, readonly DealState[]>> = {
  // The chain is followed, not asked step by step: after a time away a deal may have gone several steps.
  agreed: ['published', 'sealing', 'active', 'expired', 'terminated', 'lapsed', 'cancelled', 'offer-expired'],
  published: ['sealing', 'active', 'expired', 'terminated', 'lapsed', 'cancelled'],
  // A sector that was not proven in time sets its deals free again.
  sealing: ['published', 'active', 'expired', 'terminated', 'lapsed', 'cancelled'],
  active: ['expired', 'terminated', 'cancelled'],
  expired: [],
  terminated: [],
  'offer-expired': [],
  lapsed: [],
  cancelled: [],
}

export const liveStates: readonly DealState[] = ['agreed', 'published', 'sealing', 'active']

export function isDealState(text: string): text is DealState {
  return Object.hasOwn(next, text)
}

/** Whether the deal still needs its piece on disk. */
export function isLive(state: DealState): boolean {
  return liveStates.includes(state)
}

export function mayBecome(from: DealState, to: DealState): boolean {
  return next[from].includes(to)
}
