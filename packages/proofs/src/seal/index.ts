/** Pieces → sealed sector, and back. Node only: it reads and writes files. */
export { finalizeSector, SectorNotSealedError } from './finalize-sector.ts'
export { ManifestError } from './manifest.ts'
export { SectorDamagedError } from './open-sector-file.ts'
export {
  type SealedSector,
  type SealInput,
  SealInputError,
  type SealOptions,
  type SealProgress,
  SectorDataChangedError,
  SectorFolderError,
  sealSector,
} from './seal-sector.ts'
export { PieceFileError, type SectorPiece } from './sector-data.ts'
export { UnsealRangeError, unsealPiece } from './unseal-piece.ts'
