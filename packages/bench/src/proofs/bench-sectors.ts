/** Sectors of noise for the measurements. */
import { join } from 'node:path'
import type { SealInput } from '@granary/proofs/seal'
import type { BenchInput } from './bench-input.ts'
import { writeNoise } from './workshop.ts'

const PROVIDER = 1_000
const TICKET = new Uint8Array(32).fill(7)

/** The payload, written once, that all sectors of a measurement hold. */
export async function writePayload(folder: string, sectorBytes: number): Promise<SealInput['pieces']> {
  const piece = { path: join(folder, 'payload'), payloadSize: (sectorBytes / 128) * 127, paddedSize: sectorBytes }
  await writeNoise(piece.path, piece.payloadSize)
  return [piece]
}

export function sectorInputs(
  { profile, sectors, parentsDir }: BenchInput,
  pieces: SealInput['pieces'],
  folder: string,
): SealInput[] {
  return Array.from({ length: sectors }, (_, number) => ({
    profile,
    provider: PROVIDER,
    sectorNumber: number,
    ticket: TICKET,
    pieces,
    dir: join(folder, `sector-${number}`),
    parentsDir,
  }))
}
