/** How many epochs a put stores when nobody says: half a year, and on a devnet an hour. */
import type { ChainStatus } from '@granary/protocol/client'

const DURATION_DEFAULT_MS = { devnet: 60 * 60_000, production: 180 * 24 * 60 * 60_000 }

export function durationDefault({ devnet, blockTimeMs }: Pick<ChainStatus, 'devnet' | 'blockTimeMs'>): number {
  return Math.ceil((devnet ? DURATION_DEFAULT_MS.devnet : DURATION_DEFAULT_MS.production) / blockTimeMs)
}
