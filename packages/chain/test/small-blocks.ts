/** Blocks so small that a few transfers fill them, with answers that are few and short enough for that. */
import type { ChainParams } from '@granary/protocol/records'

export function smallBlocks(blockVerifyUnits: number): Partial<ChainParams> {
  return {
    blockVerifyUnits,
    slotPartitionsMax: 1,
    postSamples: 4,
    recoveriesPerEpoch: 1,
    responseWindows: { '2KiB-test': 5, '8MiB-dev': 0, '512MiB': 0, '4GiB': 0, '32GiB': 0, '64GiB': 0 },
  }
}
