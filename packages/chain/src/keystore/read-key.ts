/** Opens a key that was encrypted with a passphrase, by createKey or by another Ethereum wallet, or tells its address. */
import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import * as z from 'zod/mini'
import { NoSecretFileError, readSecretFile } from './read-secret-file.ts'
import { addressIn, decryptKey, type Keystore, parseKeystore } from './secret-storage.ts'

export class KeystoreMissingError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'KEYSTORE_MISSING',
      message: `there is no key in ${path}`,
      hint: 'make one with `granary wallet new`, put the file back from a copy, or name the folder that holds it with --home',
      details: { path },
    })
  }
}

export class KeystoreInvalidError extends GranaryError {
  constructor(path: string, cause: unknown, why?: string) {
    super({
      code: 'KEYSTORE_INVALID',
      message: `${path} is not a Web3 Secret Storage v3 keystore${why === undefined ? '' : `: ${why}`}`,
      hint: 'restore the file from a copy, or export the key again from the wallet that has it',
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

/** @returns the key's 32 bytes @throws KeystoreMissingError, KeystoreInvalidError, PassphraseWrongError */
export async function readKey(path: string, passphrase: string): Promise<Uint8Array> {
  return await openKey(path, await readText(path), passphrase)
}

/** @param path what the text came from, for whoever reads the error. @throws KeystoreInvalidError, PassphraseWrongError */
export async function openKey(path: string, text: string, passphrase: string): Promise<Uint8Array> {
  const keystore = keystoreOf(path, text)
  for (const spelled of spellingsOf(passphrase)) {
    const key = await decryptKey(keystore, spelled).catch((error: unknown) => {
      throw new KeystoreInvalidError(path, error, Error.isError(error) ? error.message : undefined)
    })
    if (key !== undefined) return key
  }
  throw new PassphraseWrongError(path)
}

/**
 * Of the key, without opening it: other wallets may leave it out, then it is undefined.
 * @throws KeystoreMissingError, KeystoreInvalidError
 */
export async function readKeyAddress(path: string): Promise<Address | undefined> {
  return addressIn(keystoreOf(path, await readText(path)))
}

async function readText(path: string): Promise<string> {
  try {
    return (await readSecretFile(path)).text
  } catch (error) {
    if (error instanceof NoSecretFileError) throw new KeystoreInvalidError(path, error, error.message)
    const { code } = error as { readonly code?: unknown }
    // A socket cannot be opened at all.
    if (code === 'ENXIO') throw new KeystoreInvalidError(path, error, 'it is a socket')
    if (code === 'ENOENT') throw new KeystoreMissingError(path)
    throw error
  }
}

/** As it is, which is what geth takes, and as ethers writes it: one letter with an accent may be two characters elsewhere. */
function spellingsOf(passphrase: string): ReadonlySet<string> {
  return new Set([passphrase, passphrase.normalize('NFKC')])
}

function keystoreOf(path: string, text: string): Keystore {
  try {
    return parseKeystore(text)
  } catch (error) {
    throw new KeystoreInvalidError(path, error, reasonOf(error))
  }
}

/** What the file says is not repeated: it may be a key that nobody has encrypted. */
function reasonOf(error: unknown): string {
  if (!(error instanceof z.core.$ZodError)) return 'it is no JSON'
  const [issue] = error.issues
  return issue === undefined || issue.path.length === 0
    ? 'it is no object'
    : `${issue.path.join('.')}: ${issue.message}`
}
