/** Where a passphrase comes from: a file that the user names, or, on a devnet of this machine alone, one beside the key. Never an argument. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { devnetPassphrase, NoSecretFileError, readSecretFile } from '@granary/chain/keystore'

/** Of an account, and of a provider's daily messages. */
const KEY_FILES = ['keystore.json', 'session.json']

export class PassphraseMissingError extends GranaryError {
  constructor(message: string, cause?: unknown) {
    super({
      code: 'PASSPHRASE_MISSING',
      message,
      hint: 'write the passphrase into a file that only you may read, and name it with --passphrase-file or GRANARY_PASSPHRASE_FILE',
      cause,
    })
  }
}

export interface PassphraseInput {
  readonly passphraseFile?: string | undefined
  /** Of this machine (`OpenChain`): a node elsewhere may lie. */
  readonly devnet: boolean
  /** Of the key: a devnet's passphrase lies beside it. */
  readonly folder: string
  /** Ends the wait for a program that is to write it. */
  readonly signal?: AbortSignal | undefined
}

/** @throws PassphraseMissingError, PassphraseExposedError, an abort error */
export async function passphraseOf({ passphraseFile, devnet, folder, signal }: PassphraseInput): Promise<string> {
  if (passphraseFile === undefined) {
    if (devnet) {
      requireOwnPassphrase(folder)
      return await devnetPassphrase(folder)
    }
    throw new PassphraseMissingError('this chain is not a devnet of this machine, and no passphrase file is named')
  }
  return await readPassphrase(passphraseFile, signal)
}

/** Of group and of others, on systems that have them. */
const OTHERS = 0o077

/** A secret that others can read is one no more; whoever has made it so is told before it is used. */
export class PassphraseExposedError extends GranaryError {
  constructor(path: string, mode: number) {
    super({
      code: 'PASSPHRASE_EXPOSED',
      message: `others can read the passphrase file ${path}: its mode is ${(mode & 0o777).toString(8).padStart(3, '0')}`,
      hint: `take it away from them with chmod 600 ${path}; if others use this machine, take another passphrase`,
      details: { path, mode: mode & 0o777 },
    })
  }
}

/** @throws PassphraseMissingError, PassphraseExposedError, an abort error */
export async function readPassphrase(path: string, signal?: AbortSignal): Promise<string> {
  // Another program may give it: `--passphrase-file <(pass show granary)`.
  const { text, mode } = await readSecretFile(path, { pipes: true, signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    const why = error instanceof NoSecretFileError ? `: ${error.message}` : ''
    throw new PassphraseMissingError(`the passphrase file ${path} cannot be read${why}`, error)
  })
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) throw new PassphraseExposedError(path, mode)
  // Editors on Windows write a byte order mark before it, which nobody could type.
  const passphrase = text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '')
  if (passphrase === '') throw new PassphraseMissingError(`the passphrase file ${path} is empty`)
  return passphrase
}

/** One that is made anew opens no key that is already there. */
function requireOwnPassphrase(folder: string): void {
  if (existsSync(join(folder, 'passphrase'))) return
  const key = KEY_FILES.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (key === undefined) return
  throw new PassphraseMissingError(`${join(folder, 'passphrase')}, which opens ${key}, is missing: put it back`)
}
