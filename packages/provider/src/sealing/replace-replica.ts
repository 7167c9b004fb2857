/**
 * A replica made again from its pieces, beside what lies in the sector's folder, and put in its place. Labels follow from
 * provider, number, ticket and CommD alone, so the same ticket gives the same replica; its CommR says whether it did.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { finalizeSector, readSector, replaceSector, sealNeeds } from '@granary/proofs/seal'
import type { Sector } from '../sectors/sector.ts'
import { bytesUnder } from '../storage/bytes-under.ts'
import type { Room } from '../storage/volumes.ts'
import { piecesOn, profileOf, type SealContext, sectorDir } from './seal-context.ts'
import { unlessAway } from './unless-away.ts'

export class SealedOtherwiseError extends GranaryError {
  constructor(number: number, wanted: string, found: string) {
    super({
      code: 'SEALED_OTHERWISE',
      message: `sector ${number} was sealed again with CommR ${found}, the chain has ${wanted}`,
      hint: 'This is a defect of the machine (its memory, most likely) or of the provider: it is tried again.',
      details: { sector: number, wanted, found },
    })
  }
}

export class ForeignFolderError extends GranaryError {
  constructor(dir: string, number: number, found: string) {
    super({
      code: 'SECTOR_DIR_MISMATCH',
      message: `${dir} should hold sector ${number} and holds ${found}`,
      hint: 'It is left as it is. Move it to where it belongs: then the sector is sealed again, or found sound.',
      retryable: true,
      details: { dir, sector: number },
    })
  }
}

export interface Replacement {
  readonly sector: Pick<Sector, 'number' | 'profile' | 'pieces'>
  /** 0x hex, of the sector's pre-commitment. */
  readonly ticket: string
  /** What the chain has. */
  readonly commR: string
  /** Whether its proof of replication is still to be made. */
  readonly withLayers: boolean
}

/** @throws ForeignFolderError SECTOR_DIR_MISMATCH, SealedOtherwiseError, and what sealing throws */
export async function replaceReplica(
  context: SealContext,
  { sector, ticket, commR: wanted, withLayers }: Replacement,
  signal: AbortSignal,
): Promise<void> {
  const { providerId, parentsDir, sealer } = context
  const { number, pieces } = sector
  using room = await roomBeside(context, sector, withLayers)
  const dir = room.path
  await refuseForeign(context, dir, number)
  // Beside what is there: as long as it reads, it may still prove, and give back its pieces.
  const again = againIn(dir)
  const input = {
    profile: profileOf(context, sector).name,
    provider: providerId,
    sector: number,
    ticket,
    pieces: piecesOn(context, pieces),
    dir: again,
    parentsDir,
  }
  try {
    const paths = [again, ...input.pieces.map(({ path }) => path)]
    const { commR } = await unlessAway(context, paths, signal, (either) =>
      sealer.seal(`seal-again-${number}`, input, { signal: either }),
    )
    if (commR !== wanted) throw new SealedOtherwiseError(number, wanted, commR)
    if (!withLayers) await finalizeSector(again)
    await replaceSector(again, dir)
  } catch (error) {
    // What is half there, by a kill between two renames, does not become whole by going on.
    if (GranaryError.is(error) && !error.retryable) await rm(again, { recursive: true, force: true })
    if (error instanceof SealedOtherwiseError) await rm(again, { recursive: true, force: true })
    throw error
  }
}

/** Where the sector lies, or on another volume: for a whole sealing, less what of it is there already. */
async function roomBeside(
  context: SealContext,
  sector: Pick<Sector, 'number' | 'profile'>,
  withLayers: boolean,
): Promise<Room> {
  const { volumes } = context
  const item = { kind: 'sector', number: sector.number } as const
  const written = await bytesUnder(againIn(volumes.pathOf(item)))
  const bytes = Math.max(0, sealNeeds(profileOf(context, sector), 1).diskBytes - written)
  return await volumes.reserve(item, withLayers ? 'sealing' : 'replicas', bytes)
}

/** What a kill has left of it beside a sector that proves: by the last step of the swap, or mended in another way since. */
export async function dropLeftover(context: Pick<SealContext, 'volumes'>, number: number): Promise<void> {
  await rm(againIn(sectorDir(context, number)), { recursive: true, force: true })
}

function againIn(dir: string): string {
  return join(dir, 'again')
}

/** Nothing is put in the place of another sector's files. A manifest that cannot be read is this sector's, damaged. */
async function refuseForeign({ providerId }: SealContext, dir: string, number: number): Promise<void> {
  const found = await readSector(dir).catch(() => undefined)
  if (found === undefined || (found.sectorNumber === number && found.provider === providerId)) return
  throw new ForeignFolderError(dir, number, `sector ${found.sectorNumber} of provider ${found.provider}`)
}
