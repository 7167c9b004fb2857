/** What keeps a standing order from being paid, after the words that tell of it; nothing where it is. */
import type { StandingOrder } from '@granary/client/node'

const AMISS: Readonly<Record<StandingOrder['state'], string>> = {
  kept: '',
  unfunded: '; the money for it lacks',
  overdue: '; nobody has had it paid yet',
}

export function amissText({ state }: StandingOrder): string {
  return AMISS[state]
}
