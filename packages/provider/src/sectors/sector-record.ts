/**
 * What a sector's folder says about its deals (`sector.json`), from before its sealing begins: the manifest beside it
 * knows bytes alone, and until it is pre-committed the chain knows nothing of it. Only the rebuilding of a store reads it.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeFileDurably } from '@granary/base/node'
import { isProfileName } from '@granary/proofs/profile'
import * as z from 'zod'
import type { Sector, SectorPiece, Ticket } from './sector.ts'

export interface SectorRecord extends Pick<Sector, 'number' | 'profile' | 'openedAtMs'> {
  readonly provider: number
  readonly ticket: Ticket
  readonly pieces: readonly Pick<SectorPiece, 'agreementId' | 'offset'>[]
}

const recordSchema: z.ZodType<SectorRecord> = z.object({
  provider: z.int().nonnegative(),
  number: z.int().nonnegative(),
  profile: z.optional(z.string().refine(isProfileName)),
  openedAtMs: z.int().nonnegative(),
  ticket: z.object({ epoch: z.int().nonnegative(), randomness: z.string().regex(/^0x[0-9a-f]{64}$/) }),
  pieces: z.array(z.object({ agreementId: z.string(), offset: z.int().nonnegative().nullable() })),
})

const pathIn = (dir: string): string => join(dir, 'sector.json')

/** Written once: a sector is not changed after it is closed. */
export async function writeSectorRecord(dir: string, record: SectorRecord): Promise<void> {
  await mkdir(dir, { recursive: true })
  if (await stat(pathIn(dir)).catch(() => undefined)) return
  const { provider, number, profile, openedAtMs, ticket, pieces } = record
  const named = pieces.map(({ agreementId, offset }) => ({ agreementId, offset }))
  await writeFileDurably(
    pathIn(dir),
    `${JSON.stringify({ provider, number, profile, openedAtMs, ticket, pieces: named })}\n`,
  )
}

/**
 * Takes it out of a folder in which nothing else lies: its sector was never begun.
 * @returns false where more lies there
 */
export async function forgetUnbegun(dir: string): Promise<boolean> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (names.some((name) => !name.startsWith(basename(pathIn(dir))))) return false
  await rm(pathIn(dir), { force: true })
  return true
}

/** Undefined when there is none that can be read. */
export async function readSectorRecord(dir: string): Promise<SectorRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(pathIn(dir), 'utf8')))
  } catch (error) {
    const unreadable = error instanceof SyntaxError || error instanceof z.ZodError
    if (unreadable || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
