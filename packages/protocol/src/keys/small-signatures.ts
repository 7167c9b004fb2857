/** Signatures for a page, by the smaller of noble's libraries, which are given their hashes: docs/adr/0062-what-a-put-and-a-get-load.md. */
import * as ed25519 from '@noble/ed25519'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import * as secp256k1 from '@noble/secp256k1'
import type { Signatures } from './signatures-type.ts'

ed25519.hashes.sha512 = sha512
secp256k1.hashes.sha256 = sha256
secp256k1.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message)

export const signatures: Signatures = {
  ed25519: { getPublicKey: ed25519.getPublicKey, sign: ed25519.sign, verify: ed25519.verify },
  secp256k1: {
    publicKeyOf: (privateKey) => secp256k1.getPublicKey(privateKey, false),
    sign: (digest, privateKey) =>
      secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'recovered' }),
    recover(digest, compact, recoveryBit) {
      const signature = secp256k1.Signature.fromBytes(compact).addRecoveryBit(recoveryBit)
      if (signature.hasHighS()) throw new RangeError('s is above half of the order')
      return secp256k1.recoverPublicKey(signature.toBytes('recovered'), digest, { prehash: false, isCompressed: false })
    },
  },
}
