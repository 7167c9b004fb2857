/** A new random key, encrypted with a passphrase. */
import { GranaryError } from '@granary/base'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { privToLegacyKeystore } from 'micro-eth-signer/keystore.js'
import { writeNewFile } from './write-new-file.ts'

export interface CreateKeyOptions {
  /** Scrypt with n = 2¹² instead of 2¹⁸: for devnets and tests, where the passphrase is random anyway. @default false */
  readonly light?: boolean
}

const SCRYPT_N = 2 ** 18
const SCRYPT_N_LIGHT = 2 ** 12

export class KeystoreExistsError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'KEYSTORE_EXISTS',
      message: `there is a key in ${path} already`,
      hint: 'use that key, or name another file: a key is never overwritten',
      details: { path },
    })
  }
}

/** @returns the key's 32 bytes @throws KeystoreExistsError */
export async function createKey(path: string, passphrase: string, options?: CreateKeyOptions): Promise<Uint8Array> {
  const key = secp256k1.utils.randomSecretKey()
  const n = options?.light === true ? SCRYPT_N_LIGHT : SCRYPT_N
  // A copy: the library wipes what it is given.
  const keystore = await privToLegacyKeystore(key.slice(), passphrase, { kdf: 'scrypt', n, r: 8, p: 1 })
  if (!(await writeNewFile(path, `${JSON.stringify(keystore, null, 2)}\n`))) throw new KeystoreExistsError(path)
  return key
}
