/**
 * EIP-712 digests in the domain of one chain: https://eips.ethereum.org/EIPS/eip-712. The domain's salt is the genesis
 * hash, so that a signature counts on one chain only; it has no chainId, because wallets refuse one that is not theirs.
 */
import { isHex } from '@granary/base'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { bytes32, text } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import { type Hash, MessageInvalidError } from '../codec/types.ts'

interface Domain {
  readonly name: string
  readonly version: string
  readonly salt: Uint8Array
}

const domainStruct: Struct<Domain> = struct('EIP712Domain', { name: text(32), version: text(8), salt: bytes32 })

/** The 32 bytes that are signed for `value`. */
export function typedDigest<T>(genesisHash: Hash, of: Struct<T>, value: T): Uint8Array {
  return digestOf(domainStruct.toWord(domainOf(genesisHash), 'domain'), of.toWord(value, of.name))
}

export function digestOf(domainSeparator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator, structHash))
}

function domainOf(genesisHash: Hash): Domain {
  if (!isHex(genesisHash, 32))
    throw new MessageInvalidError('genesisHash', '0x and 64 lower-case hex digits', genesisHash)
  return { name: 'Granary', version: '1', salt: bytes32.fromJson(genesisHash, 'genesisHash') }
}
