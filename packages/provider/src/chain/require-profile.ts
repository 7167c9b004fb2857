/** Sectors of a profile that the chain does not take would never earn anything: looked at before any money moves. */

import { GranaryError } from '@granary/base'
import { type NamedProfile, profileNamed } from '@granary/proofs/profile'
import type { ChainClient } from '@granary/protocol/client'
import { knownProfile } from '@granary/protocol/records'

export class ProfileRefusedError extends GranaryError {
  constructor(profile: string, taken: readonly string[], chainUrl: string) {
    super({
      code: 'PROFILE_REFUSED',
      message: `the chain at ${chainUrl} takes no sectors of profile ${profile}; it takes ${taken.join(', ') || 'none'}`,
      hint: 'choose one of these: with `granary provider config set profile=NAME` where it has never run, else with --profile in a new --home; or another --chain',
      details: { profile, taken, chain: chainUrl },
    })
  }
}

/** The rule of the chain itself (docs/spec/chain.md section 5), of those that can be proven here. @throws CHAIN_UNREACHABLE, … */
export async function takenProfiles(chain: ChainClient, signal?: AbortSignal): Promise<NamedProfile[]> {
  const { profiles, allowInsecure } = await chain.params({ signal })
  return profiles.flatMap((listed) => knownProfile(listed) ?? []).filter(({ insecure }) => allowInsecure || !insecure)
}

/** @throws UnknownProfileError PROFILE_UNKNOWN; ProfileRefusedError; CHAIN_UNREACHABLE, … */
export async function requireProfile(chain: ChainClient, name: string): Promise<NamedProfile> {
  const profile = profileNamed(name)
  const taken = (await takenProfiles(chain)).map((each) => each.name)
  if (!taken.includes(profile.name)) throw new ProfileRefusedError(profile.name, taken, chain.url)
  return profile
}

/** Each of them once, the smallest first. @throws as requireProfile */
export async function requireProfiles(chain: ChainClient, names: readonly string[]): Promise<NamedProfile[]> {
  const profiles: NamedProfile[] = []
  for (const name of new Set(names)) profiles.push(await requireProfile(chain, name))
  return profiles.toSorted((a, b) => a.sectorBytes - b.sectorBytes)
}
