/** Which profiles a chain takes, and what time it leaves them to answer a challenge. docs/spec/chain.md section 3. */
import type { NamedProfile, Profile } from '@granary/proofs/profile'
import { type ChainParams, type ChainProfile, knownProfile } from '@granary/protocol/records'
import { InvariantError } from '../store/errors.ts'

/** In epochs. With fewer blocks there would be no time to make an answer and to send it. */
export const RESPONSE_WINDOW_MIN = 5
/** Of an insecure profile, too: what is asked stays open for its window. Half an hour of the shortest blocks fits well. */
export const RESPONSE_WINDOW_MAX: number = 2 ** 20
/** How long a beacon takes to publish a round, and a node to fetch it. */
const FETCH_MS = 2_000
/** The header time that must lie, at least, between a block that must not know a draw and the block before the draw. */
export const DRAW_TIME_MIN_MS: number = 20_000

/** Those that this chain takes. */
export function allowedProfiles(params: ChainParams): NamedProfile[] {
  return params.profiles.flatMap((listed) => allowed(params, listed) ?? [])
}

/** The profile, when this chain takes it. */
export function allowedProfile(params: ChainParams, name: string): NamedProfile | undefined {
  const listed = params.profiles.find((each) => each.name === name)
  return listed && allowed(params, listed)
}

/** Epochs in which a challenge may be answered, of a profile that this chain has sectors of. */
export function responseWindowOf({ profiles }: ChainParams, name: string): number {
  const listed = profiles.find((each) => each.name === name)
  if (listed === undefined) throw new InvariantError(`there are sectors of ${name}, which the chain does not take`)
  return listed.responseWindow
}

/**
 * The longest header time from a draw to its answer: 0.2 × T_min, where a label takes at least 405 ns
 * (docs/spec/proofs.md section 10). Beyond it a replica could have been made anew. An insecure profile has no such bound.
 */
export function answerTimeMaxMs(profile: Profile): number | undefined {
  if (profile.insecure) return undefined
  const labelsNs = profile.nodes * profile.layers * 405
  return Math.floor(labelsNs / 5 / 1_000_000)
}

/** How far back an answer proves: what lies before is neither paid nor minted. */
export function reachOf(params: ChainParams, profile: string): number {
  return 2 * params.provingPeriod + params.cutoff + responseWindowOf(params, profile)
}

/**
 * Whether the shortest window of the profile leaves time to fetch a round and to answer, before a replica could be made.
 */
export function leavesTimeToAnswer(profile: Profile, blockTimeMs: number): boolean {
  const maxMs = answerTimeMaxMs(profile)
  return maxMs === undefined || (RESPONSE_WINDOW_MIN + 1) * blockTimeMs + FETCH_MS <= maxMs
}

function allowed({ allowInsecure }: ChainParams, listed: ChainProfile): NamedProfile | undefined {
  const profile = knownProfile(listed)
  return profile?.insecure && !allowInsecure ? undefined : profile
}
