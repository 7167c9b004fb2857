/** Which profiles a chain takes, and what time it leaves them to answer a challenge. docs/spec/chain.md section 3. */
import { type NamedProfile, type Profile, type ProfileName, profileNamed, profiles } from '@granary/proofs/profile'
import type { ChainParams } from '@granary/protocol/records'

/** Epochs: there must be blocks to prove and to send. */
export const RESPONSE_WINDOW_MIN = 5
/** What a beacon needs to publish a round, and a node to fetch it. */
const FETCH_MS = 2_000
/** Header time, at least, from the block that must not know a draw to the one before the draw. */
export const DRAW_TIME_MIN_MS: number = 20_000

/** The profile, when this chain takes it. */
export function allowedProfile(params: ChainParams, name: string): NamedProfile | undefined {
  if (!Object.hasOwn(profiles, name)) return undefined
  const profile = profileNamed(name)
  const allowed = params.responseWindows[profile.name] > 0 && (params.allowInsecure || !profile.insecure)
  return allowed ? profile : undefined
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
export function reachOf({ provingPeriod, cutoff, responseWindows }: ChainParams, { name }: NamedProfile): number {
  return 2 * provingPeriod + cutoff + responseWindows[name]
}

/** Whether the shortest window of the profile leaves time to fetch a round and to answer, before a replica could be made. */
export function leavesTimeToAnswer(name: ProfileName, blockTimeMs: number): boolean {
  const maxMs = answerTimeMaxMs(profileNamed(name))
  return maxMs === undefined || (RESPONSE_WINDOW_MIN + 1) * blockTimeMs + FETCH_MS <= maxMs
}
