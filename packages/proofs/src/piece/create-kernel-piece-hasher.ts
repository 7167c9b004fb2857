/** CommP of bytes as they come, pairs by the kernel. Node only. */
import { openKernel } from '../kernel/open-kernel.ts'
import { createPieceHasher, type PieceHasher } from '../spec/piece-hasher.ts'

/** On the calling thread; what is in a file already is quicker by commitPieceFile. @throws KernelChoiceError */
export function createKernelPieceHasher(): PieceHasher {
  const { kernel } = openKernel()
  return createPieceHasher(kernel.hashPairs254, (payload) => kernel.padFr32(payload))
}
