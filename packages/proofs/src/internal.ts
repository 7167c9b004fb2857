/**
 * `@granary/proofs/internal`: parts for programs of this repository that measure them from inside. Nothing here is promised
 * to anybody: it may be another thing in the next release.
 */
export { digestFile } from './io/digest-file.ts'
export { openKernel } from './kernel/open-kernel.ts'
export { type Manifest, requireManifest } from './seal/manifest.ts'
export { ensureParentsTable } from './seal/parents-table.ts'
export { sealedSectorOf } from './seal/seal-input.ts'
export { sectorFiles } from './seal/sector-files.ts'
export { commROf } from './spec/commitments.ts'
export { POREP_MAGIC } from './spec/porep-layout.ts'
export { NODE_BYTES } from './spec/profile.ts'
