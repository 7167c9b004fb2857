/** Where a passphrase comes from: a file that the user names, or, on a devnet alone, one beside the key. Never an argument. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import { devnetPassphrase } from '@granary/chain/keystore'

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
  readonly devnet: boolean
  /** Of the key: a devnet's passphrase lies beside it. */
  readonly folder: string
}

/** @throws PassphraseMissingError */
export async function passphraseOf({ passphraseFile, devnet, folder }: PassphraseInput): Promise<string> {
  if (passphraseFile === undefined) {
    if (devnet) {
      requireOwnPassphrase(folder)
      return await devnetPassphrase(folder)
    }
    throw new PassphraseMissingError('this chain is not a devnet, and no passphrase file is named')
  }
  const content = await readFile(passphraseFile, 'utf8').catch((error: unknown) => {
    throw new PassphraseMissingError(`the passphrase file ${passphraseFile} cannot be read`, error)
  })
  const passphrase = content.replace(/\r?\n$/, '')
  if (passphrase === '') throw new PassphraseMissingError(`the passphrase file ${passphraseFile} is empty`)
  return passphrase
}

/** One that is made anew opens no key that is already there. */
function requireOwnPassphrase(folder: string): void {
  if (existsSync(join(folder, 'passphrase'))) return
  const key = KEY_FILES.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (key === undefined) return
  throw new PassphraseMissingError(`${join(folder, 'passphrase')}, which opens ${key}, is missing: put it back`)
}
