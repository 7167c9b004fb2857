/** Pieces from files, at the speed of the kernel. Node only: `./piece` is what a browser has. */
export { commitPieceFile } from './commit-piece-file.ts'
