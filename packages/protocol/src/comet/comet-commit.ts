/**
 * Who votes about a block of CometBFT, and who has voted for it. Votes for nothing, and those that did not come, have no place
 * in what is passed on, and the block that a vote is for is the one of the header that it comes with: so neither can be claimed.
 */
import { fromHex, type Hex, toHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { bigUint, bytes, bytes32, list, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import { blockId, type CometHeader, timeNs, timestamp } from './comet-header.ts'
import { merkleRoot } from './merkle-root.ts'
import { fixed64, message, text, varint, withLength } from './protobuf.ts'

export interface CometValidator {
  /** ed25519 */
  readonly publicKey: Uint8Array
  readonly power: bigint
}

export interface CometVoter extends CometValidator {
  /** Of the vote. */
  readonly timeNs: bigint
  /** Empty: it has not voted for this block. */
  readonly signature: Uint8Array
}

export interface CometCommit {
  readonly round: number
  /** Of the block, in the parts that it is passed on in. */
  readonly partsTotal: number
  readonly partsHash: Uint8Array
  /** All of the block's, in CometBFT's order. */
  readonly voters: readonly CometVoter[]
}

/** That a genesis gives each of its validators. */
export const GENESIS_POWER = 10n
const VOTERS_MAX = 1_000
const PRECOMMIT = 2

export const cometCommit: Struct<CometCommit> = struct<CometCommit>('CometCommit', {
  round: uint(31),
  partsTotal: uint(32),
  partsHash: bytes32,
  voters: list(
    struct<CometVoter>('CometVoter', { publicKey: bytes32, power: bigUint(63), timeNs, signature: bytes(0, 64) }),
    { min: 1, max: VOTERS_MAX },
  ),
})

/** Items of the largest: to be known before anything is built. */
export const COMMIT_ITEMS_MAX: number = 5 + 5 * VOTERS_MAX

/** In the order of the set. */
export function hashValidators(validators: readonly CometValidator[]): Uint8Array {
  return merkleRoot(
    validators.map(({ publicKey, power }) => concatBytes(message(1, message(1, publicKey)), varint(2, power))),
  )
}

/** As CometBFT has them: by their addresses, since all have the same power. @param keys as the genesis has them */
export function genesisValidators(keys: readonly Hex[]): CometValidator[] {
  return keys
    .map((key) => ({ publicKey: fromHex(key), power: GENESIS_POWER, address: addressOf(fromHex(key)) }))
    .sort((a, b) => (a.address < b.address ? -1 : 1))
    .map(({ publicKey, power }) => ({ publicKey, power }))
}

/** What a validator signs who votes for a block. */
export function voteSignBytes(header: CometHeader, hash: Uint8Array, commit: CometCommit, timeNs: bigint): Uint8Array {
  return withLength(
    varint(1, PRECOMMIT),
    fixed64(2, header.height),
    fixed64(3, commit.round),
    message(4, blockId(hash, commit.partsTotal, commit.partsHash)),
    message(5, timestamp(timeNs)),
    text(6, header.chainId),
  )
}

function addressOf(publicKey: Uint8Array): Hex {
  return toHex(sha256(publicKey).subarray(0, 20))
}
