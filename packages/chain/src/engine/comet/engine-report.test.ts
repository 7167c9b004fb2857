import { toHex } from '@granary/base'
import { expect, test } from '@jest/globals'
import { beaconKeyFrom, beaconPublicKey, devnetGenesis } from '../../state/index.ts'
import { seatsAtBegin } from './engine-report.ts'

const [ann, ben, cat] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array]
const genesis = devnetGenesis({
  validator: toHex(ann),
  beaconPublicKey: beaconPublicKey(beaconKeyFrom(new Uint8Array(48))),
  faucet: `0x${'11'.repeat(20)}`,
  timeMs: 1_790_000_000_000,
})
const seat = (publicKey: Uint8Array, power: number) => ({ publicKey, power })

test('CometBFT begins with the one that has made all blocks, and is told by the first of its own who has bonded since', () => {
  expect(seatsAtBegin(genesis, [seat(ann, 10)], [])).toEqual([seat(ann, 10)])
  expect(seatsAtBegin(genesis, [seat(ann, 30), seat(ben, 10)], [])).toEqual([seat(ann, 30), seat(ben, 10)])
  expect(seatsAtBegin(genesis, [seat(ann, 10), seat(ben, 10)], [seat(cat, 5)])).toEqual([
    seat(ann, 10),
    seat(ben, 10),
    seat(cat, 5),
  ])
  // One that CometBFT never knew need not leave it; the one that it began with does.
  expect(seatsAtBegin(genesis, [seat(ann, 10), seat(ben, 10)], [seat(ben, 0)])).toEqual([seat(ann, 10)])
  expect(seatsAtBegin(genesis, [seat(ben, 10)], [])).toEqual([seat(ann, 0), seat(ben, 10)])
})
