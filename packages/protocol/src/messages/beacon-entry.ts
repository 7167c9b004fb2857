/** A beacon round: the first items of a block, without sender, fee or signature of their own. */
import { bytes, uint } from '../codec/field.ts'
import { struct } from '../codec/struct.ts'
import type { BodyOf, Item } from './message.ts'

const body = struct('BeaconEntry', {
  round: uint(53),
  /** BLS12-381 G1. */
  signature: bytes(48, 48),
})

export const beaconEntry = { name: 'BeaconEntry', kind: 0, sizeMax: 128, body } as const satisfies Item<string, object>

export type BeaconEntry = BodyOf<typeof beaconEntry>
