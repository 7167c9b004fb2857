/** Epochs: their randomness, and the order in which slots are challenged. */
import { bigUint, bytes, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import { u48 } from './fields.ts'

export interface EpochRecord {
  /** R(h): the beacon's round whose signature is its randomness. */
  readonly round: number
  /** Header time. */
  readonly timeMs: number
  /** When the newest round that was on the chain by then was public; at first the time of the genesis. */
  readonly provenMs: number
  /** Where the index of rewards stood in its block: what was earned until then. */
  readonly rewardIndex: bigint
}

export const epochRecord: Struct<EpochRecord> = struct<EpochRecord>('EpochRecord', {
  round: uint(53),
  timeMs: uint(53),
  provenMs: uint(53),
  rewardIndex: bigUint(256),
})

export interface Round {
  readonly signature: Uint8Array
}

export const roundRecord: Struct<Round> = struct<Round>('Round', { signature: bytes(48, 48) })

export interface PermutationEntry {
  readonly period: number
  readonly slot: number
}

export const permutationEntryRecord: Struct<PermutationEntry> = struct<PermutationEntry>('PermutationEntry', {
  period: u48,
  slot: uint(32),
})
