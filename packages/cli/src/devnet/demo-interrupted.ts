/** What a Ctrl-C in the demo leaves: which deal got how far, what was not finished, and that all of it goes with the devnet. */

import { GranaryError } from '@granary/base'
import type { GetProgress, PutProgress } from '@granary/client/node'

/** How far the demo has come. */
export interface DemoStand {
  readonly deal?: number
  /** It is active there. */
  readonly sector?: number
  readonly proofs: number
}

export class DemoInterruptedError extends GranaryError {
  constructor(stand: DemoStand | undefined, proofsWatched: number) {
    super({
      code: 'INTERRUPTED',
      message: `interrupted: ${standText(stand, proofsWatched)}. The devnet is stopped and its folder removed, with all that was on it`,
      hint: 'the next `granary demo` begins anew; `granary devnet --home FOLDER` keeps what is put on it',
      details: { ...stand },
    })
  }
}

/** The stand after that piece of news. */
export function standAfter(stand: DemoStand, progress: PutProgress | GetProgress): DemoStand {
  if (progress.type === 'published') return { ...stand, deal: progress.dealId }
  if (progress.type === 'active') return { ...stand, deal: progress.dealId, sector: progress.sector }
  if (progress.type === 'deal' && progress.entry.type === 'post-accepted') return { ...stand, proofs: stand.proofs + 1 }
  return stand
}

function standText(stand: DemoStand | undefined, proofsWatched: number): string {
  if (stand === undefined) return 'the devnet was still starting, nothing was stored'
  const { deal, sector, proofs } = stand
  if (deal === undefined) return 'no deal was made yet, no money was locked'
  if (sector === undefined) return `deal ${deal} is published and its price locked, but it is not active yet`
  return `deal ${deal} is active in sector ${sector}; ${Math.min(proofs, proofsWatched)} of ${proofsWatched} later proofs were seen, and the file was not fetched back to the end`
}
