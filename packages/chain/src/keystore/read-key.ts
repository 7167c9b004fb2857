/** Opens a key that was encrypted with a passphrase, by createKey or by another Ethereum wallet, or tells its address. */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import { privFromLegacyKeystore } from 'micro-eth-signer/keystore.js'
import * as z from 'zod'

type Keystore = Parameters<typeof privFromLegacyKeystore>[0]

export class KeystoreMissingError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'KEYSTORE_MISSING',
      message: `there is no key in ${path}`,
      hint: 'put the file back from a copy, or name the folder that holds it with --home',
      details: { path },
    })
  }
}

export class KeystoreInvalidError extends GranaryError {
  constructor(path: string, cause: unknown) {
    super({
      code: 'KEYSTORE_INVALID',
      message: `${path} is not a Web3 Secret Storage v3 keystore`,
      hint: 'restore the file from a copy',
      details: { path },
      cause,
    })
  }
}

export class PassphraseWrongError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'PASSPHRASE_WRONG',
      message: `the passphrase does not open ${path}`,
      hint: 'try again with the passphrase that the key was created with',
      details: { path },
    })
  }
}

const hex = z.string().regex(/^[0-9a-fA-F]+$/)
const addressSchema = z.string().regex(/^(0x)?[0-9a-fA-F]{40}$/)
const keystoreSchema = z.looseObject({
  version: z.literal(3),
  crypto: z.looseObject({
    ciphertext: hex.length(64),
    cipherparams: z.object({ iv: hex }),
    cipher: z.string(),
    kdf: z.enum(['scrypt', 'pbkdf2']),
    kdfparams: z.looseObject({ dklen: z.int().min(32).max(64), salt: hex }),
    mac: hex.length(64),
  }),
})

/** @returns the key's 32 bytes @throws KeystoreMissingError, KeystoreInvalidError, PassphraseWrongError */
export async function readKey(path: string, passphrase: string): Promise<Uint8Array> {
  const keystore = parseKeystore(path, await readKeystore(path))
  try {
    return await privFromLegacyKeystore(keystore, passphrase)
  } catch (error) {
    if (Error.isError(error) && error.message.includes('possibly wrong passphrase'))
      throw new PassphraseWrongError(path)
    throw new KeystoreInvalidError(path, error)
  }
}

/**
 * Of the key, without opening it: other wallets may leave it out, then it is undefined.
 * @throws KeystoreMissingError, KeystoreInvalidError
 */
export async function readKeyAddress(path: string): Promise<Address | undefined> {
  const { address } = parseKeystore(path, await readKeystore(path)) as { address?: unknown }
  const parsed = addressSchema.safeParse(address)
  return parsed.success ? `0x${parsed.data.toLowerCase().replace(/^0x/, '')}` : undefined
}

async function readKeystore(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (Error.isError(error) && (error as NodeJS.ErrnoException).code === 'ENOENT') throw new KeystoreMissingError(path)
    throw error
  }
}

function parseKeystore(path: string, text: string): Keystore {
  try {
    const json: unknown = withLowerCaseCrypto(JSON.parse(text))
    keystoreSchema.parse(json)
    return json as Keystore
  } catch (error) {
    throw new KeystoreInvalidError(path, error)
  }
}

/** ethers v5, MyEtherWallet and geth's test vectors write `Crypto`. */
function withLowerCaseCrypto(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('Crypto' in json) || 'crypto' in json) return json
  const { Crypto: crypto, ...rest } = json
  return { ...rest, crypto }
}
