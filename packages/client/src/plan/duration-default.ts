/** How many epochs a put stores when nobody says: half a year, and on a devnet an hour. */
import type { ChainStatus } from '@granary/protocol/client'
import { epochsIn } from '@granary/protocol/epochs'

const DURATION_DEFAULT_MS = { devnet: 60 * 60_000, production: 180 * 24 * 60 * 60_000 }

export function durationDefault(status: Pick<ChainStatus, 'devnet' | 'blockTimeMs'>): number {
  return epochsIn(status.devnet ? DURATION_DEFAULT_MS.devnet : DURATION_DEFAULT_MS.production, status)
}
