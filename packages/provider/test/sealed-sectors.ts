/** Sectors sealed and finalized on disk, as a provider keeps them, for tests that damage them. */

import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { createPieceHasher } from '@granary/proofs/piece'
import type { NamedProfile } from '@granary/proofs/profile'
import { finalizeSector, sealSector } from '@granary/proofs/seal'
import { pieceCidV2 } from '@granary/proofs/verify'

export interface TestPiece {
  readonly path: string
  readonly pieceCid: string
  readonly payloadSize: number
  readonly paddedSize: number
}

export interface TestSector {
  readonly number: number
  readonly dir: string
  readonly commR: string
  readonly ticket: Uint8Array
  readonly pieces: readonly TestPiece[]
}

export async function sealSectors(
  folder: string,
  { profile, provider, numbers }: { profile: NamedProfile; provider: number; numbers: readonly number[] },
): Promise<TestSector[]> {
  const sectors: TestSector[] = []
  await mkdir(join(folder, 'sectors'), { recursive: true })
  for (const number of numbers) {
    const payloadSize = Math.floor(profile.sectorBytes * 0.45)
    const path = join(folder, `piece-${number}`)
    const payload = randomBytes(payloadSize)
    await writeFile(path, payload)
    const hasher = createPieceHasher()
    hasher.write(payload)
    const commitment = hasher.digest()
    const { paddedSize } = commitment
    const pieces = [{ path, pieceCid: pieceCidV2(commitment), payloadSize, paddedSize }]
    const ticket = new Uint8Array(randomBytes(32))
    const dir = join(folder, 'sectors', String(number))
    const parentsDir = join(folder, 'parents')
    const { commR } = await sealSector({ profile, provider, sectorNumber: number, ticket, pieces, dir, parentsDir })
    await finalizeSector(dir)
    sectors.push({ number, dir, commR: toHex(commR), ticket, pieces })
  }
  return sectors
}
