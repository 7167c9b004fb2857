/** @granary/content/node: what reads and writes files. */
export { FileUnreadableError } from './file-unreadable-error.ts'
export { BlockMissingError, type CarStore, openCarStore } from './open-car-store.ts'
export { packFile } from './pack-file.ts'
export { CarInFolderError, packFolder } from './pack-folder.ts'
export { readAt, readRange } from './read-range.ts'
export { type Reread, saveFile } from './save-file.ts'
export { FileChangedError } from './source-store.ts'
export type { PackedFile, PackOptions, PackProgress } from './write-packed-car.ts'
