/** The verifiers are total: inputs that are no statement at all are refused like wrong ones, never thrown at the caller. */
import { isPowerOfTwo } from './bytes.ts'
import type { Profile } from './profile.ts'

/** Parents are u32. */
const NODES_MAX = 2 ** 32
const LAYERS_MAX = 64
const CHALLENGES_MAX = 65_536

export function isBytes32(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32
}

/** Identifiers are u64 on the wire and safe integers here. */
export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isProfile(profile: Profile): boolean {
  return (
    typeof profile === 'object' &&
    profile !== null &&
    isPowerOfTwo(profile.nodes) &&
    profile.nodes >= 2 &&
    profile.nodes <= NODES_MAX &&
    isCount(profile.layers, LAYERS_MAX) &&
    isCount(profile.challenges, CHALLENGES_MAX) &&
    isBytes32(profile.porepId)
  )
}

export function isCount(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max
}
