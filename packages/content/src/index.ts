/** @granary/content: file ↔ IPFS. Nothing here needs Node; what does is in `@granary/content/node`. */
export type { CID } from 'multiformats/cid'
export { CidInvalidError, multihashKey, parseCid } from './cid-key.ts'
export { DagInvalidError } from './dag-invalid-error.ts'
export { dagObjectText, type ObjectCodec, objectCodec } from './dag-object.ts'
export { type EntityOptions, entityBlocks } from './entity-blocks.ts'
export { type FileBlock, type FileRange, fileBlocks } from './file-blocks.ts'
export { NotAFileError } from './file-node.ts'
export { type ImportOptions, type ImportProgress, importFile } from './import-file.ts'
export {
  type FileAt,
  type FileTree,
  type FolderTree,
  importTree,
  type LinkTree,
  type Tree,
  type TreeEntry,
  treeOfFiles,
} from './import-tree.ts'
export { InlineTooLongError, inlineBytes } from './inline.ts'
export { CodecUnsupportedError, linksOf } from './links-of.ts'
export { type DirectoryEntry, listDirectory } from './list-directory.ts'
export type { BlockTable, LeafPlace, OrderedBlock, StoredBlock } from './manifest/block-table.ts'
export { BlockTooLargeError, type CutSizes, type PieceCut } from './manifest/cut-pieces.ts'
export { FileChangedError } from './manifest/file-changed-error.ts'
export { memoryBlockTable } from './manifest/memory-block-table.ts'
export { type PieceCar, type PieceCarInput, pieceCar } from './manifest/piece-car.ts'
export { type DagManifest, type ReadManifestOptions, readManifest, type Wrap } from './manifest/read-manifest.ts'
export {
  type CarBlock,
  type CarFault,
  CarInvalidError,
  type ParsedCar,
  parseCar,
  sectionBytesMax,
} from './parse-car.ts'
export { createPieceHasher, type PieceHasher, type PieceInfo, pieceOf } from './piece-of.ts'
export type { ImportProfileName } from './profile.ts'
export { encodeProtobuf, type ProtobufField, protobufFields } from './protobuf.ts'
export { NamesCollideError } from './put-folder.ts'
export { fileLength, readFile } from './read-file.ts'
export { PathInsideBlockError, PathNotFoundError, type ResolvedPath, resolvePath } from './resolve-path.ts'
export { type BlockReader, type BlockWriter, type ContentStore, type ReadOptions, readBlock } from './store.ts'
export { type Directory, type UnixFsNode, unixFsNode } from './unixfs-node.ts'
export { BlockHashMismatchError, HashUnsupportedError, verifyBlock } from './verify-block.ts'
export { type CarEntry, CarRootMismatchError, type VerifyCarOptions, verifyCar } from './verify-car.ts'
export { type Block, type WalkOptions, walkDag } from './walk-dag.ts'
export { type FolderItem, walkFolder } from './walk-folder.ts'
export { carHeader, carSection, writeCar } from './write-car.ts'
