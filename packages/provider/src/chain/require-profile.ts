/** Sectors of a profile that the chain does not take would never earn anything: looked at before any money moves. */

import { GranaryError } from '@granary/base'
import { type NamedProfile, profileNamed, profiles } from '@granary/proofs/profile'
import type { ChainClient } from '@granary/protocol/client'

export class ProfileRefusedError extends GranaryError {
  constructor(profile: string, taken: readonly string[], chainUrl: string) {
    super({
      code: 'PROFILE_REFUSED',
      message: `the chain at ${chainUrl} takes no sectors of profile ${profile}; it takes ${taken.join(', ') || 'none'}`,
      hint: 'choose one of these with --profile in a new --home, or another --chain',
      details: { profile, taken, chain: chainUrl },
    })
  }
}

/** @throws UnknownProfileError PROFILE_UNKNOWN; ProfileRefusedError; CHAIN_UNREACHABLE, … */
export async function requireProfile(chain: ChainClient, name: string): Promise<NamedProfile> {
  const profile = profileNamed(name)
  const { responseWindows, allowInsecure } = await chain.params()
  // The rule of the chain itself (docs/spec/chain.md): a window of 0 is a profile that it refuses.
  const taken = Object.values(profiles)
    .map(({ name: each }) => profileNamed(each))
    .filter((each) => responseWindows[each.name] > 0 && (allowInsecure || !each.insecure))
    .map((each) => each.name)
  if (!taken.includes(profile.name)) throw new ProfileRefusedError(profile.name, taken, chain.url)
  return profile
}
