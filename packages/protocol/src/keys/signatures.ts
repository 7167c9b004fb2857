/** Signatures of the two curves, by the audited library. A page has small-signatures.ts under the same name: `imports` in package.json. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Signatures } from './signatures-type.ts'

export const signatures: Signatures = {
  ed25519,
  secp256k1: {
    publicKeyOf: (privateKey) => secp256k1.getPublicKey(privateKey, false),
    sign: (digest, privateKey) =>
      secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'recovered' }),
    recover(digest, compact, recoveryBit) {
      const signature = secp256k1.Signature.fromBytes(compact, 'compact')
      if (signature.hasHighS()) throw new RangeError('s is above half of the order')
      return signature.addRecoveryBit(recoveryBit).recoverPublicKey(digest).toBytes(false)
    },
  },
}
