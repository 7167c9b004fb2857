/**
 * A damaged replica made again from the unsealed pieces. Labels follow from provider, number, ticket and CommD alone, so
 * the same ticket gives the same replica; its CommR says whether it did.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { finalizeSector, readSector, replaceSector } from '@granary/proofs/seal'
import { sectorDir, sectorOnChain } from '../sealing/seal-context.ts'
import type { SectorIn } from '../sectors/sector.ts'
import type { ProvingContext } from './proving-context.ts'

export class SealedOtherwiseError extends GranaryError {
  constructor(number: number, wanted: string, found: string) {
    super({
      code: 'SEALED_OTHERWISE',
      message: `sector ${number} was sealed again with CommR ${found}, the chain has ${wanted}`,
      hint: 'This is a defect of the machine (its memory, most likely) or of the provider: it is tried again.',
      retryable: true,
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

export class SectorGoneError extends GranaryError {
  constructor(number: number) {
    super({
      code: 'SECTOR_UNKNOWN',
      message: `the chain does not know sector ${number}`,
      hint: 'See that the provider follows the chain that it was sealed for.',
      retryable: true,
      details: { sector: number },
    })
  }
}

/** @throws ForeignFolderError SECTOR_DIR_MISMATCH, PieceDamagedError PIECE_DAMAGED, SealedOtherwiseError, and what sealing throws */
export async function sealAgain(
  context: ProvingContext,
  sector: SectorIn<'proving'>,
  signal: AbortSignal,
): Promise<void> {
  const { prover, profile, providerId, parentsDir } = context
  const { number, phase } = sector
  const dir = sectorDir(context, number)
  await refuseForeign(context, dir, number)
  const pieces = sector.pieces.map(({ path, payloadSize, paddedSize }) => ({ path, payloadSize, paddedSize }))
  await prover.checkPieces(
    sector.pieces.map(({ path, pieceCid }) => ({ path, pieceCid })),
    signal,
  )
  const ticket = await ticketOf(context, number, signal)
  // Beside what is there: as long as it reads, it may still prove.
  const again = againIn(dir)
  const input = { profile: profile.name, provider: providerId, sector: number, ticket, pieces, dir: again, parentsDir }
  try {
    const { commR } = await context.queue.run({ kind: 'seal', id: `seal-again-${number}`, input }, { signal })
    if (commR !== phase.commR) throw new SealedOtherwiseError(number, phase.commR, commR)
    await finalizeSector(again)
    await replaceSector(again, dir)
  } catch (error) {
    // What is half there, by a kill between two renames, does not become whole by going on.
    if (GranaryError.is(error) && !error.retryable) await rm(again, { recursive: true, force: true })
    if (error instanceof SealedOtherwiseError) await rm(again, { recursive: true, force: true })
    throw error
  }
}

function againIn(dir: string): string {
  return join(dir, 'again')
}

/** What a kill has left of it beside a sector that proves: by the last step of the swap, or mended in another way since. */
export async function dropLeftover(context: ProvingContext, number: number): Promise<void> {
  await rm(againIn(sectorDir(context, number)), { recursive: true, force: true })
}

/** Nothing is put in the place of another sector's files. A manifest that cannot be read is this sector's, damaged. */
async function refuseForeign({ providerId }: ProvingContext, dir: string, number: number): Promise<void> {
  const found = await readSector(dir).catch(() => undefined)
  if (found === undefined || (found.sectorNumber === number && found.provider === providerId)) return
  throw new ForeignFolderError(dir, number, `sector ${found.sectorNumber} of provider ${found.provider}`)
}

/** From the chain, which holds CommR for it too: the folder may be gone. */
async function ticketOf(context: ProvingContext, number: number, signal: AbortSignal): Promise<string> {
  const { chain, providerId } = context
  const view = await sectorOnChain(context, number, signal)
  if (view === undefined) throw new SectorGoneError(number)
  const query = { tag: 'TICKET', epoch: view.ticketEpoch, provider: providerId, sector: number } as const
  return (await chain.randomness(query, { signal })).randomness
}
