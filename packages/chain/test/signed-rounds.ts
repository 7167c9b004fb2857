/**
 * Rounds of the test chain's beacon. A signature takes milliseconds and never changes, and each test file would make the
 * same hundreds: the first of them lie in a file, made by
 * node --conditions=@granary/source packages/chain/test/print-rounds.ts > packages/chain/test/signed-rounds.bin
 */
import { readFileSync } from 'node:fs'
import { beaconPublicKey, signBeaconRound } from '../src/state/index.ts'

export const BEACON_KEY: Uint8Array = new Uint8Array(32).fill(7)
export const BEACON_PUBLIC_KEY = beaconPublicKey(BEACON_KEY)

const SIGNATURE_BYTES = 48
const stored = readFileSync(new URL('signed-rounds.bin', import.meta.url))
export const ROUNDS_STORED: number = stored.length / SIGNATURE_BYTES
const signed = new Map<number, Uint8Array>()

export function signRound(round: number): Uint8Array {
  const known = signed.get(round) ?? storedRound(round) ?? signBeaconRound(BEACON_KEY, round)
  signed.set(round, known)
  return known
}

/** Round 1 is the first. */
function storedRound(round: number): Uint8Array | undefined {
  if (round < 1 || round > ROUNDS_STORED) return undefined
  return new Uint8Array(stored.subarray((round - 1) * SIGNATURE_BYTES, round * SIGNATURE_BYTES))
}
