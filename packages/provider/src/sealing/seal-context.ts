/** What the steps of sealing share. */
import { type ErrorCode, GranaryError } from '@granary/base'
import { type NamedProfile, profileNamed } from '@granary/proofs/profile'
import { sealNeeds } from '@granary/proofs/seal'
import type { ChainClient, SectorView } from '@granary/protocol/client'
import type { Alerts } from '../alerts.ts'
import type { ChainFollower } from '../chain/follow-chain.ts'
import type { ProvenEnds } from '../chain/proven-ends.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import type { Lanes } from '../sectors/lanes.ts'
import type { DealFeed } from '../sectors/port.ts'
import type { Sector, SectorPiece } from '../sectors/sector.ts'
import type { SectorStore } from '../sectors/store.ts'
import { bytesUnder } from '../storage/bytes-under.ts'
import type { Room, Volumes } from '../storage/volumes.ts'
import type { ProviderJobs } from './jobs.ts'
import type { Sealer } from './seal-together.ts'

export interface SealContext {
  readonly store: SectorStore
  readonly chain: ChainClient
  readonly lanes: Lanes
  readonly head: Pick<ChainFollower, 'height' | 'reached'>
  readonly ends: ProvenEnds
  readonly queue: Pick<JobQueue<ProviderJobs>, 'run'>
  readonly sealer: Sealer
  readonly deals: DealFeed
  readonly providerId: number
  /** Those that new sectors get, the smallest first. */
  readonly profiles: readonly NamedProfile[]
  /** Of a sector whose row names none. */
  readonly profile: NamedProfile
  readonly volumes: Volumes
  /** Of the provider: named where a disk does not take what is written. */
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

export function profileOf({ profile }: Pick<SealContext, 'profile'>, sector: Pick<Sector, 'profile'>): NamedProfile {
  return sector.profile === undefined ? profile : profileNamed(sector.profile)
}

export function sectorDir({ volumes }: Pick<SealContext, 'volumes'>, number: number): string {
  return volumes.pathOf({ kind: 'sector', number })
}

/** Of its files nothing is known at present. */
export class SectorSilentError extends GranaryError {
  constructor(number: number) {
    super({
      code: 'VOLUME_AWAY',
      message: `the disk that sector ${number} is on does not answer at present`,
      hint: 'it goes on by itself when the disk answers',
      retryable: true,
      details: { sector: number },
    })
  }
}

/** Before what is not found is taken to be gone. @throws SectorSilentError VOLUME_AWAY */
export function requireAnswer({ volumes }: Pick<SealContext, 'volumes'>, number: number): void {
  if (volumes.isSilent({ kind: 'sector', number })) throw new SectorSilentError(number)
}

/** Its disk is away, does not answer, or did not when the piece was to be put into its place: it is neither there nor lost. */
export class PieceAwayError extends GranaryError {
  constructor(pieceCid: string) {
    super({
      code: 'VOLUME_AWAY',
      message: `the disk that piece ${pieceCid} is on cannot be reached at present`,
      hint: 'bring its disk back: it is sealed then, by itself',
      retryable: true,
      details: { pieceCid },
    })
  }
}

/** For all that sealing writes and has not written yet. @throws VolumesFullError DISK_FULL */
export async function roomToSeal(
  context: Pick<SealContext, 'volumes' | 'profile'>,
  sector: Pick<Sector, 'number' | 'profile'>,
): Promise<Room> {
  const { volumes } = context
  const item = { kind: 'sector', number: sector.number } as const
  const written = await bytesUnder(volumes.pathOf(item))
  const { diskBytes } = sealNeeds(profileOf(context, sector), 1)
  return await volumes.reserve(item, 'sealing', Math.max(0, diskBytes - written))
}

export interface PieceOnDisk {
  readonly path: string
  readonly pieceCid: string
  readonly payloadSize: number
  readonly paddedSize: number
}

export function piecesOn({ volumes }: Pick<SealContext, 'volumes'>, pieces: readonly SectorPiece[]): PieceOnDisk[] {
  return pieces.map(({ pieceCid, payloadSize, paddedSize }) => ({
    ...{ pieceCid, payloadSize, paddedSize },
    path: volumes.pathOf({ kind: 'piece', pieceCid }),
  }))
}

/**
 * Before a sector that cannot be made of these is given up for it.
 * @param found where they were looked for
 * @throws PieceAwayError VOLUME_AWAY
 */
export function requireThere(
  { volumes, deals }: Pick<SealContext, 'volumes' | 'deals'>,
  found: readonly PieceOnDisk[],
): void {
  for (const { pieceCid, path } of found) {
    const piece = { kind: 'piece', pieceCid } as const
    if (deals.isStaged(pieceCid)) throw new PieceAwayError(pieceCid)
    // Another path than then: its disk was silent, and has answered since.
    if (volumes.awayFor(piece) !== undefined || volumes.pathOf(piece) !== path) throw new PieceAwayError(pieceCid)
  }
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
