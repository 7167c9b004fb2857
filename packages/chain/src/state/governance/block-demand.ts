/**
 * What a block must have room for, so that nothing which is right can be kept out by its size: all answers that one epoch
 * can ask for, and proofs of replication. docs/spec/chain.md section 5.
 */
import type { NamedProfile } from '@granary/proofs/profile'
import { postBundleBytesMax } from '@granary/proofs/verify'
import { unitsOf } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { RECOVERY_SAMPLES } from '../proving/recoveries.ts'
import { allowedProfiles } from '../proving/response-window.ts'

/**
 * Slots whose partitions one epoch may ask at once: one by the permutation, one extra, and as many that are drawn again.
 */
const SLOTS_ASKED = 3
/** An envelope with its signature, and the numbers beside a bundle. */
const BESIDE_BUNDLE_BYTES = 300

export interface Demand {
  readonly bytes: number
  readonly units: number
}

/** What the answers take that one epoch can ask for. */
export function answersDemand(params: ChainParams): Demand {
  const { postSamples, recoveriesPerEpoch, slotPartitionsMax } = params
  return sum(
    allowedProfiles(params).flatMap((profile) => [
      times(SLOTS_ASKED * slotPartitionsMax, answerDemand(profile, postSamples)),
      times(recoveriesPerEpoch, answerDemand(profile, RECOVERY_SAMPLES * postSamples)),
    ]),
  )
}

/** What the largest proof of replication takes. */
export function sealDemand(params: ChainParams): Demand {
  const longest = Math.max(0, ...allowedProfiles(params).map(({ porepBytesMax }) => porepBytesMax))
  const bytes = longest + BESIDE_BUNDLE_BYTES
  return { bytes, units: unitsOf('ProveCommitSector', bytes) }
}

function answerDemand(profile: NamedProfile, samples: number): Demand {
  const bytes = postBundleBytesMax(profile, samples) + BESIDE_BUNDLE_BYTES
  return { bytes, units: unitsOf('SubmitPost', bytes) }
}

function times(count: number, { bytes, units }: Demand): Demand {
  return { bytes: count * bytes, units: count * units }
}

function sum(demands: readonly Demand[]): Demand {
  return demands.reduce((all, { bytes, units }) => ({ bytes: all.bytes + bytes, units: all.units + units }), {
    bytes: 0,
    units: 0,
  })
}
