/**
 * messages/signer's verifySigner, eight times as fast for accounts: libsecp256k1 compiled to WebAssembly. noble is the
 * reference; the guards here make both accept the same signatures (docs/spec/chain.md, section 1), which is tested.
 */

import { ACCOUNT_SIGNATURE_BYTES, addressOfPoint, type SignedBy, verifySigner } from '@granary/protocol/messages'
import { recover } from 'tiny-secp256k1'

/** Half of the group's order: a larger s is the second signature of the same message, and refused. */
const S_MAX = Uint8Array.from([
  0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
  0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
])

/** @returns undefined when the signature is not one of `digest` in its canonical encoding */
export function recoverSigner(digest: Uint8Array, signature: Uint8Array): SignedBy | undefined {
  if (signature.length !== ACCOUNT_SIGNATURE_BYTES) return verifySigner(digest, signature)
  const v = signature[64]
  if (v !== 0 && v !== 1) return undefined
  if (isAbove(signature.subarray(32, 64), S_MAX)) return undefined
  try {
    const point = recover(digest, signature.subarray(0, 64), v, false)
    return point === null ? undefined : { type: 'account', address: addressOfPoint(point) }
  } catch {
    // r or s zero or beyond the order, or r no coordinate of the curve.
    return undefined
  }
}

function isAbove(a: Uint8Array, b: Uint8Array): boolean {
  for (const [index, byte] of a.entries()) if (byte !== b[index]) return byte > b[index]!
  return false
}
