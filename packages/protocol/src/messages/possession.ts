/** What the key of a validator signs once, so that nobody bonds a key in whose name they cannot vote. docs/spec/chain.md section 9. */
import { fromHex } from '@granary/base'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Address, Hash } from '../codec/types.ts'

const DOMAIN = new TextEncoder().encode('granary/validator/1'.padEnd(32, '\0'))

/** @param owner: whose bond it is */
export function possessionDigest(genesisHash: Hash, owner: Address): Uint8Array {
  return sha256(concatBytes(DOMAIN, fromHex(genesisHash), fromHex(owner)))
}
