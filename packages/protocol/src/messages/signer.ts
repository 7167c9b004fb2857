/**
 * Who may sign: an account by secp256k1 (`r ‖ s ‖ v`, low s, v 0 or 1, address as in Ethereum), or an ed25519 session key
 * (`public key ‖ signature`) that the chain knows for an account. One encoding a signature, or none.
 */
import { GranaryError, toHex } from '@granary/base'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { signatures } from '#signatures'
import type { Address, Hash } from '../codec/types.ts'
import { parseAddress } from './address-text.ts'
import type { TypedMessage } from './eip712.ts'

const { ed25519, secp256k1 } = signatures

export const ACCOUNT_SIGNATURE_BYTES = 65
export const SESSION_SIGNATURE_BYTES = 96

export interface Signer {
  /** The account that is signed for. */
  readonly address: Address
  /** Public key of the session key that signs for it; absent where the account's own does. */
  readonly sessionKey?: Hash | undefined
  /** @returns a signature that verifySigner takes for the message's digest */
  sign(message: TypedMessage): Uint8Array | Promise<Uint8Array>
}

/** A key that is at hand: it needs the digest alone, and waits for nobody. */
export interface KeySigner extends Signer {
  sign(message: Pick<TypedMessage, 'digest'>): Uint8Array
}

/** What is to sign is no private key. */
export class KeyInvalidError extends GranaryError {
  constructor() {
    super({
      code: 'KEY_INVALID',
      message: 'what is to sign is no private key',
      hint: 'give 32 bytes; those of an account are a number above zero and below the order of secp256k1',
    })
  }
}

export type SignedBy =
  | { readonly type: 'account'; readonly address: Address }
  | { readonly type: 'session'; readonly publicKey: Uint8Array }

/** @param privateKey: 32 bytes @param address: of the key, where it is known @throws KeyInvalidError */
export function accountSigner(privateKey: Uint8Array, address: Address = addressOf(privateKey)): KeySigner {
  return {
    address,
    sign: ({ digest }) => {
      const signature = secp256k1.sign(digest, privateKey)
      return concatBytes(signature.subarray(1), signature.subarray(0, 1))
    },
  }
}

/**
 * @param seed: 32 bytes @param account: for whom the key signs, once the chain has authorised it; as a wallet shows it, or in
 * lower case @throws KeyInvalidError, MessageInvalidError
 */
export function sessionSigner(seed: Uint8Array, account: Address): KeySigner & { readonly publicKey: Uint8Array } {
  const publicKey = checked(ed25519.getPublicKey, seed)
  const sign: KeySigner['sign'] = ({ digest }) => concatBytes(publicKey, ed25519.sign(digest, seed))
  return { address: parseAddress(account), publicKey, sessionKey: toHex(publicKey), sign }
}

/** The session key that a signature names; undefined for an account's. */
export function sessionKeyOf(signature: Uint8Array): Uint8Array | undefined {
  return signature.length === SESSION_SIGNATURE_BYTES ? signature.slice(0, 32) : undefined
}

/** @returns undefined when the signature is not one of `digest` in its canonical encoding */
export function verifySigner(digest: Uint8Array, signature: Uint8Array): SignedBy | undefined {
  if (signature.length === ACCOUNT_SIGNATURE_BYTES) return recoverAccount(digest, signature)
  if (signature.length === SESSION_SIGNATURE_BYTES) return verifySession(digest, signature)
  return undefined
}

/** @throws KeyInvalidError */
export function addressOf(privateKey: Uint8Array): Address {
  return addressOfPoint(checked(secp256k1.publicKeyOf, privateKey))
}

/** Without what the library says: nothing of a key is to be in an error. */
function checked(publicKeyOf: (key: Uint8Array) => Uint8Array, key: Uint8Array): Uint8Array {
  try {
    return publicKeyOf(key)
  } catch {
    throw new KeyInvalidError()
  }
}

function recoverAccount(digest: Uint8Array, signature: Uint8Array): SignedBy | undefined {
  const v = signature[64]!
  if (v > 1) return undefined
  try {
    const point = secp256k1.recover(digest, signature.subarray(0, 64), v)
    return { type: 'account', address: addressOfPoint(point) }
  } catch {
    return undefined
  }
}

function verifySession(digest: Uint8Array, signature: Uint8Array): SignedBy | undefined {
  const publicKey = signature.slice(0, 32)
  try {
    // RFC 8032 and not ZIP-215: one verdict for one encoding, and no key of small order.
    const valid = ed25519.verify(signature.subarray(32), digest, publicKey, { zip215: false })
    return valid ? { type: 'session', publicKey } : undefined
  } catch {
    return undefined
  }
}

/** @param uncompressed: 65 bytes, as SEC 1 writes a point */
export function addressOfPoint(uncompressed: Uint8Array): Address {
  return toHex(keccak_256(uncompressed.subarray(1)).subarray(12))
}
