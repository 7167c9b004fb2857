/** One sector: pieces → labels → columns and trees → replica. docs/spec/proofs.md sections 6 and 7. */
import type { SealedSector, SealInput, SealOptions } from './seal-input.ts'
import { sealSectors } from './seal-sectors.ts'

/**
 * Idempotent: on a folder that is sealed or finalized it returns at once, and otherwise goes on where it stopped.
 * @throws SealInputError, PieceFileError, PiecesDoNotFitError, SectorFolderError, SectorDataChangedError,
 * SectorDamagedError, DiskError, MemoryError, KernelError
 */
export async function sealSector(input: SealInput, options: SealOptions = {}): Promise<SealedSector> {
  const [sealed] = await sealSectors([input], options)
  return sealed!
}
