/** Randomness by purpose, epoch and subject, from the beacon round of that epoch. docs/spec/chain.md section 6. */

import type { Epoch, ProviderId, SectorNumber } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

export const tags = { SLOT: 0, TICKET: 1, SEED: 2, POST: 3, RECOVERY: 4, EXTRA: 5, REDRAW: 6 } as const
export type RandomnessTag = keyof typeof tags

const NO_ENTROPY = new Uint8Array(0)

/** @returns 32 bytes; undefined when the epoch's round has not been delivered, or is no longer kept */
export function draw(
  store: StateReader,
  tag: RandomnessTag,
  epoch: Epoch,
  entropy: Uint8Array = NO_ENTROPY,
): Uint8Array | undefined {
  const record = tables.epochs.get(store, epoch)
  const round = record === undefined ? undefined : tables.rounds.get(store, record.round)
  if (round === undefined) return undefined
  const value = sha256(concatBytes(u64(tags[tag]), sha256(round.signature), u64(epoch), entropy))
  // These two go into replica ids and challenges, where they must be elements of the field.
  if (tag === 'TICKET' || tag === 'SEED') value[31]! &= 0x3f
  return value
}

/** @param subject the sector's number (TICKET) or the partition's (POST, RECOVERY) */
export function entropyOf(provider: ProviderId, subject: number): Uint8Array {
  return concatBytes(u64(provider), u64(subject))
}

/** The replica is part of it, so that nobody can make a replica to fit a known seed. @returns the entropy of SEED */
export function seedEntropyOf(provider: ProviderId, number: SectorNumber, commR: Uint8Array): Uint8Array {
  return concatBytes(entropyOf(provider, number), commR)
}

/** The draw as a number below `bound`. */
export function drawBelow(
  store: StateReader,
  tag: RandomnessTag,
  epoch: Epoch,
  bound: number,
  entropy: Uint8Array = NO_ENTROPY,
): number | undefined {
  const value = draw(store, tag, epoch, entropy)
  if (value === undefined) return undefined
  return Number(value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % BigInt(bound))
}

/**
 * How many epochs are kept, with their rounds. A ticket may be used at the end of its age, and its sector be proven at the
 * end of its time; and an answer needs the index of rewards of the epoch where its reach begins.
 */
export function roundsKept({
  ticketMaxAge,
  commitExpiry,
  seedDelay,
  provingPeriod,
  cutoff,
  profiles,
  beaconLatenessMs,
  blockTimeMs,
}: ChainParams): number {
  const window = Math.max(0, ...profiles.map(({ responseWindow }) => responseWindow))
  const reach = 2 * provingPeriod + cutoff + window
  const lateness = Math.ceil(beaconLatenessMs / blockTimeMs)
  return Math.max(ticketMaxAge + commitExpiry + seedDelay, reach + window + lateness) + 2
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
