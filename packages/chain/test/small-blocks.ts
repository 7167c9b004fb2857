/** Blocks so small that a few transfers fill them, with answers that are few and short enough for that. */
import type { ChainParams } from '@granary/protocol/records'
import { profilesWith } from './profiles-with.ts'

export function smallBlocks(blockVerifyUnits: number): Partial<ChainParams> {
  return {
    blockVerifyUnits,
    slotPartitionsMax: 1,
    postSamples: 4,
    recoveriesPerEpoch: 1,
    profiles: profilesWith({ '2KiB-test': 5 }),
  }
}
