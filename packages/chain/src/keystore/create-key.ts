/** A new random key, or one that comes from elsewhere, into a file that only its owner reads, encrypted with a passphrase. */
import { GranaryError } from '@granary/base'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { encryptKey } from './secret-storage.ts'
import { writeNewFile } from './write-new-file.ts'

export interface CreateKeyOptions {
  /** Scrypt with n = 2¹² instead of 2¹⁵: for devnets and tests, where the passphrase is random anyway. @default false */
  readonly light?: boolean
}

const SCRYPT_N = 2 ** 15
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
  await writeKey(path, key, passphrase, options)
  return key
}

/** @param key 32 bytes @throws KeystoreExistsError */
export async function writeKey(
  path: string,
  key: Uint8Array,
  passphrase: string,
  options: CreateKeyOptions = {},
): Promise<void> {
  const keystore = await encryptKey(key, passphrase, options.light === true ? SCRYPT_N_LIGHT : SCRYPT_N)
  if (!(await writeNewFile(path, `${JSON.stringify(keystore, null, 2)}\n`))) throw new KeystoreExistsError(path)
}
