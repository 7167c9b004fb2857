import type { Hex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { beaconKeyFrom, beaconPublicKey, signBeaconRound, verifyBeaconRound } from '../state/index.ts'
import { createLocalBeacon } from './local-beacon.ts'

const [own, other] = [1, 2].map((byte) => beaconKeyFrom(new Uint8Array(48).fill(byte))) as [Uint8Array, Uint8Array]

test('verifies as the reference does: its own rounds, those of another key, and no others', () => {
  const beacon = createLocalBeacon(own)
  const flipped = signBeaconRound(own, 7).map((byte, index) => (index === 40 ? byte ^ 1 : byte))
  const cases: readonly (readonly [Hex, number, Uint8Array])[] = [
    [beaconPublicKey(own), 7, beacon.entry(7)!.signature],
    [beaconPublicKey(own), 8, beacon.entry(7)!.signature],
    [beaconPublicKey(own), 7, signBeaconRound(other, 7)],
    [beaconPublicKey(other), 7, signBeaconRound(other, 7)],
    [beaconPublicKey(other), 7, signBeaconRound(own, 7)],
    [beaconPublicKey(own), 7, flipped],
    [beaconPublicKey(own), 7, new Uint8Array(0)],
  ]
  expect(cases.map((given) => beacon.verifies(...given))).toEqual(cases.map((given) => verifyBeaconRound(...given)))
  expect(cases.map((given) => beacon.verifies(...given))).toEqual([true, false, false, true, false, false, false])
})
