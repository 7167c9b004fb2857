/** The payload of a whole sector, pieces and the zeros between and after them: sector size × 127 / 128 bytes. */
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from '../spec/fr32.ts'
import { readSector } from './read-sector.ts'
import { unsealPiece } from './unseal-piece.ts'

/** @throws SectorNotSealedError, SectorDamagedError, ManifestError */
export async function unsealSector(
  i: { dir: string; parentsDir: string; out: string },
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { sectorBytes } = (await readSector(i.dir)).profile
  const payloadSize = (sectorBytes / UNIT_PADDED_BYTES) * UNIT_PAYLOAD_BYTES
  await unsealPiece({ ...i, offset: 0, payloadSize }, options)
}
