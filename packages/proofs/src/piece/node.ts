/** Pieces from files, at the speed of the kernel. Node only: `./piece` is what a browser has. */

export { type CommitPieceFileOptions, commitPieceFile, FileUnreadableError } from './commit-piece-file.ts'
export {
  createKernelPieceHasher,
  type KernelPieceHasher,
  type KernelPieceHasherOptions,
  PIECE_PART_BYTES,
} from './create-kernel-piece-hasher.ts'
