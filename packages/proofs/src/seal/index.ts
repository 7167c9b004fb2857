/** Pieces → sealed sector, and back. Node only: it reads and writes files. */

export { CheckpointError, KernelError, MemoryError } from '../kernel/kernel.ts'
export { hasParentsTable, parentsTable } from './build-parents-table.ts'
export { type CheckedReplica, checkReplica } from './check-replica.ts'
export { finalizeSector, SectorNotSealedError } from './finalize-sector.ts'
export { ManifestError } from './manifest.ts'
export { SectorDamagedError } from './open-sector-file.ts'
export { readSector, type Sector } from './read-sector.ts'
export { repairTree } from './repair-tree.ts'
export { replaceSector } from './replace-sector.ts'
export {
  type SealedSector,
  type SealInput,
  SealInputError,
  type SealOptions,
  type SealProgress,
  SectorDataChangedError,
  SectorFolderError,
} from './seal-input.ts'
export { DiskError, type SealNeeds, sealNeeds } from './seal-needs.ts'
export { sealSector } from './seal-sector.ts'
export { SECTORS_TOGETHER_MAX, sealSectors } from './seal-sectors.ts'
export { PieceFileError, type SectorPiece } from './sector-data.ts'
export { UnsealRangeError, unsealPiece } from './unseal-piece.ts'
export { unsealSector } from './unseal-sector.ts'
