/**
 * A header of CometBFT: what a node of Granary gives of it, and its hash, which validators vote for. docs/spec/chain.md,
 * section 7. Times are in nanoseconds since 1970 and stay bigint, since each of them is signed.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { bigUint, bytes, bytes32, text, uint } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import type { Hash } from '../codec/types.ts'
import { merkleRoot } from './merkle-root.ts'
import * as proto from './protobuf.ts'

export interface CometHeader {
  readonly blockVersion: number
  readonly appVersion: number
  readonly chainId: string
  readonly height: number
  readonly timeNs: bigint
  /** Of the block before; all three empty in the first. */
  readonly lastBlockHash: Uint8Array
  readonly lastPartsTotal: number
  readonly lastPartsHash: Uint8Array
  readonly lastCommitHash: Uint8Array
  readonly dataHash: Uint8Array
  readonly validatorsHash: Uint8Array
  readonly nextValidatorsHash: Uint8Array
  readonly consensusHash: Uint8Array
  /** The state after the block before. */
  readonly appHash: Uint8Array
  readonly lastResultsHash: Uint8Array
  readonly evidenceHash: Uint8Array
  readonly proposerAddress: Uint8Array
}

/** CometBFT takes no longer name of a chain. */
const CHAIN_ID_LENGTH = 50
export const NS_A_MS = 1_000_000n
const NS_A_SECOND = 1_000n * NS_A_MS

const hash = bytes(0, 32)
export const timeNs = bigUint(63)

export const cometHeader: Struct<CometHeader> = struct<CometHeader>('CometHeader', {
  blockVersion: uint(53),
  appVersion: uint(53),
  chainId: text(CHAIN_ID_LENGTH),
  height: uint(53),
  timeNs,
  lastBlockHash: hash,
  lastPartsTotal: uint(32),
  lastPartsHash: hash,
  lastCommitHash: hash,
  dataHash: hash,
  validatorsHash: bytes32,
  nextValidatorsHash: bytes32,
  consensusHash: hash,
  appHash: bytes32,
  lastResultsHash: hash,
  evidenceHash: hash,
  proposerAddress: bytes(20, 20),
})

/** CometBFT's name of a chain: so a vote is for the chain of one genesis, as every signature of Granary is. */
export function cometChainId(genesisHash: Hash): string {
  return genesisHash.slice(2, 2 + CHAIN_ID_LENGTH)
}

export function hashCometHeader(header: CometHeader): Uint8Array {
  const { varint, text, bytes } = proto
  return merkleRoot([
    concatBytes(varint(1, header.blockVersion), varint(2, header.appVersion)),
    text(1, header.chainId),
    varint(1, header.height),
    timestamp(header.timeNs),
    blockId(header.lastBlockHash, header.lastPartsTotal, header.lastPartsHash),
    bytes(1, header.lastCommitHash),
    bytes(1, header.dataHash),
    bytes(1, header.validatorsHash),
    bytes(1, header.nextValidatorsHash),
    bytes(1, header.consensusHash),
    bytes(1, header.appHash),
    bytes(1, header.lastResultsHash),
    bytes(1, header.evidenceHash),
    bytes(1, header.proposerAddress),
  ])
}

export function timestamp(timeNs: bigint): Uint8Array {
  return concatBytes(proto.varint(1, timeNs / NS_A_SECOND), proto.varint(2, timeNs % NS_A_SECOND))
}

export function blockId(hash: Uint8Array, partsTotal: number, partsHash: Uint8Array): Uint8Array {
  return concatBytes(proto.bytes(1, hash), proto.message(2, proto.varint(1, partsTotal), proto.bytes(2, partsHash)))
}
