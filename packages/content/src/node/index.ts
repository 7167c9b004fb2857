/** @granary/content/node: what reads and writes files. */
export { BlockMissingError, type CarStore, openCarStore } from './open-car-store.ts'
export { FileUnreadableError, type PackedFile, type PackOptions, type PackProgress, packFile } from './pack-file.ts'
export { readAt, readRange } from './read-range.ts'
export { type SaveOptions, saveVerifiedFile } from './save-verified-file.ts'
export { FileChangedError } from './source-store.ts'
