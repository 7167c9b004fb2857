/** What only programs on Node need: files that survive a power cut. */
export {
  createFile,
  type Fill,
  moveFile,
  nameBeside,
  replaceFile,
  syncFile,
  syncFolder,
  writeFileDurably,
  writeFileDurablySync,
} from './durable-files.ts'
export { FolderUnusableError, makeFolder } from './make-folder.ts'
