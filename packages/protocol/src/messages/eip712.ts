/**
 * What is signed, as EIP-712 has it, in the domain of one chain: https://eips.ethereum.org/EIPS/eip-712. The domain's salt is the
 * genesis hash, so that a signature counts on one chain only; it has no chainId, because wallets refuse one that is not theirs.
 */
import { isHex } from '@granary/base'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { bytes32, type StructType, type TypedValue, text } from '../codec/field.ts'
import { type Struct, struct } from '../codec/struct.ts'
import { type Hash, MessageInvalidError } from '../codec/types.ts'

interface Domain {
  readonly name: string
  readonly version: string
  readonly salt: Uint8Array
}

const domainStruct: Struct<Domain> = struct('EIP712Domain', { name: text(32), version: text(8), salt: bytes32 })

/** What `eth_signTypedData_v4` takes. */
export interface TypedData {
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
  readonly primaryType: string
  readonly domain: TypedValue
  readonly message: TypedValue
}

/** What a signer is given: a key signs its digest, a wallet shows its typed data to a person and makes the same digest of it. */
export interface TypedMessage {
  readonly genesisHash: Hash
  /** Name of the struct: of a transaction, the name of its message. */
  readonly name: string
  /** 32 bytes. */
  readonly digest: Uint8Array
  typedData(): TypedData
}

export function typedMessage<T>(genesisHash: Hash, of: Struct<T>, value: T): TypedMessage {
  const domain = domainOf(genesisHash)
  return {
    genesisHash,
    name: of.name,
    digest: digestOf(domainStruct.toWord(domain, 'domain'), of.toWord(value, of.name)),
    typedData: () => ({
      types: Object.fromEntries([...domainStruct.structs, ...of.structs].map(membersOf)),
      primaryType: of.name,
      domain: domainStruct.toTyped(domain, 'domain'),
      message: of.toTyped(value, of.name),
    }),
  }
}

function membersOf({ name, members }: StructType): [name: string, { name: string; type: string }[]] {
  return [name, members.map(([member, type]) => ({ name: member, type }))]
}

export function digestOf(domainSeparator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator, structHash))
}

function domainOf(genesisHash: Hash): Domain {
  if (!isHex(genesisHash, 32))
    throw new MessageInvalidError('genesisHash', '0x and 64 lower-case hex digits', genesisHash)
  return { name: 'Granary', version: '1', salt: bytes32.fromJson(genesisHash, 'genesisHash') }
}
