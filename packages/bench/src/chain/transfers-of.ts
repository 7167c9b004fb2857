/** Transfers of one account whose signatures are taken as verified: what is measured is what comes after. */
import { randomInt } from 'node:crypto'
import { beaconRoundFor, signBeaconRound, type Verifiers } from '@granary/chain/state'
import {
  ACCOUNT_SIGNATURE_BYTES,
  type Address,
  type BeaconEntry,
  encodeTransaction,
  type Hash,
} from '@granary/protocol/messages'
import type { Genesis } from '@granary/protocol/records'

export const TRANSFERS = 1_000
const LANES = 25
/** Full blocks raise the fees. */
export const MAX_FEE: bigint = 10n ** 24n
const UNSIGNED = new Uint8Array(ACCOUNT_SIGNATURE_BYTES)

/** Each block's transfers; the sequences go on from block to block. */
export function transfersOf(sender: Address, block: number, to: () => Address): Uint8Array[] {
  const perLane = TRANSFERS / LANES
  return Array.from({ length: TRANSFERS }, (_, index) =>
    encodeTransaction(
      {
        kind: 'Transfer',
        sender,
        lane: index % LANES,
        sequence: block * perLane + Math.floor(index / LANES),
        validUntil: 1_000_000,
        maxFee: MAX_FEE,
        body: { to: to(), amount: 1n },
      },
      UNSIGNED,
    ),
  )
}

/** Every signature is that of `address`. */
export function verdictsFor(address: Address): Verifiers {
  const ready = { ok: true } as const
  return { signer: () => ({ type: 'account', address }), poRep: () => ready, post: () => ready }
}

/** The n-th address of a large state. */
export function addressAt(index: number): Address {
  return `0x${index.toString(16).padStart(8, '0').padStart(40, '5')}`
}

export function anyAddress(accounts: number): Address {
  return addressAt(randomInt(accounts))
}

export function entryFor(
  genesis: Genesis,
  beaconKey: Uint8Array | undefined,
  previousTimeMs: number,
): BeaconEntry | undefined {
  if (beaconKey === undefined) return undefined
  const round = beaconRoundFor(genesis, previousTimeMs)
  return { round, signature: signBeaconRound(beaconKey, round) }
}

export function fakeHash(height: number): Hash {
  return `0x${height.toString(16).padStart(64, '0')}`
}
