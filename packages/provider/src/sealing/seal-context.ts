/** What the steps of sealing share. */
import { join } from 'node:path'
import { type ErrorCode, GranaryError } from '@granary/base'
import type { NamedProfile } from '@granary/proofs/profile'
import type { ChainClient, SectorView } from '@granary/protocol/client'
import type { Alerts } from '../alerts.ts'
import type { ChainFollower } from '../chain/follow-chain.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import type { Lanes } from '../sectors/lanes.ts'
import type { DealFeed } from '../sectors/port.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { ProviderJobs } from './jobs.ts'

export interface SealContext {
  readonly store: SectorStore
  readonly chain: ChainClient
  readonly lanes: Lanes
  readonly head: Pick<ChainFollower, 'height' | 'reached'>
  readonly queue: Pick<JobQueue<ProviderJobs>, 'run'>
  readonly deals: DealFeed
  readonly providerId: number
  readonly profile: NamedProfile
  /** Each sector has a folder here, named by its number. */
  readonly folder: string
  readonly parentsDir: string
  readonly alerts: Alerts
  /** Whether each of these pieces that a deal needs lies on the disk, sound; what does not is made again first, if it can be. */
  readonly securePieces: (pieceCids: readonly string[]) => Promise<boolean>
}

/** This sector can not be finished; its deals may be sealed in another one, with a new number and ticket. */
export class SectorLostError extends GranaryError {
  constructor(code: ErrorCode, message: string) {
    super({ code, message, hint: 'Its deals are placed into a new sector.' })
  }
}

export function sectorDir({ folder }: Pick<SealContext, 'folder'>, number: number): string {
  return join(folder, String(number))
}

/** Undefined when the chain has not heard of that number. */
export async function sectorOnChain(
  { chain, providerId }: Pick<SealContext, 'chain' | 'providerId'>,
  number: number,
  signal: AbortSignal,
): Promise<SectorView | undefined> {
  try {
    return await chain.sector(providerId, number, { signal })
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'SECTOR_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Whether the node is below a height that was seen: what an older copy of the chain says of an end may never have happened,
 * so nothing ends by it. A node that does not answer says nothing at all.
 */
export async function isBehind({ chain }: Pick<SealContext, 'chain'>, signal: AbortSignal): Promise<boolean> {
  try {
    return (await chain.status({ signal })).height < chain.height
  } catch {
    signal.throwIfAborted()
    return true
  }
}
