/** The profiles that a chain takes, in tests: those of `base`, with other windows or others beside them. */
import { type ProfileName, profileNamed } from '@granary/proofs/profile'
import { type ChainProfile, chainProfileOf } from '@granary/protocol/records'

export function profilesWith(
  windows: Readonly<Partial<Record<ProfileName, number>>>,
  base: readonly ChainProfile[] = [],
): ChainProfile[] {
  const given = Object.entries(windows).map(([name, window]) => chainProfileOf(profileNamed(name), window))
  return [...base.filter(({ name }) => !Object.hasOwn(windows, name)), ...given]
}
