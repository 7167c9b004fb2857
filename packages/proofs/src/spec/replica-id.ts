/** What makes a replica unique: provider, sector number, ticket, data and graph. docs/spec/proofs.md section 4. */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from './bytes.ts'

/** uvarint(provider's numeric id), right-padded with zeros to 32 bytes. */
export function proverIdOf(provider: number): Uint8Array {
  const proverId = new Uint8Array(32)
  let rest = provider
  let at = 0
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    proverId[at] = (rest % 0x80) | 0x80
    at += 1
  }
  proverId[at] = rest
  return proverId
}

export function replicaIdOf(i: {
  proverId: Uint8Array
  sectorNumber: number
  ticket: Uint8Array
  commD: Uint8Array
  porepId: Uint8Array
}): Uint8Array {
  const number = new Uint8Array(8)
  new DataView(number.buffer).setBigUint64(0, BigInt(i.sectorNumber))
  const replicaId = sha256(concatBytes([i.proverId, number, i.ticket, i.commD, i.porepId]))
  replicaId[31]! &= 0x3f
  return replicaId
}
