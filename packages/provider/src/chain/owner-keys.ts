/**
 * The provider's two keys, both in encrypted keystores. The session key is the daemon's: it signs unattended, and the chain lets it
 * do no more than a daemon needs. The owner's holds the money: the daemon opens it only for a message that it alone may sign, and
 * does without where it is not there (docs/adr/0052-the-owners-key-may-be-away.md).
 */

import { GranaryError } from '@granary/base'
import { createKey, readKey, readKeyAddress } from '@granary/chain/keystore'
import { type Address, accountSigner, type Signer } from '@granary/protocol/messages'
import type { ProviderFolders } from '../storage/folders.ts'
import { openSessionKey, type SessionKey } from './session-key.ts'

export interface ProviderKeys {
  readonly address: Address
  readonly session: SessionKey
  /** Opened each time, kept by nobody. @throws OwnerKeyAwayError, PassphraseWrongError, KeystoreInvalidError */
  owner(): Promise<Signer>
}

export class OwnerKeyAwayError extends GranaryError {
  constructor(path: string, cause?: unknown) {
    super({
      code: 'OWNER_KEY_AWAY',
      message: `the owner's key is not in ${path}`,
      hint: 'where it is, run `granary provider register --owner-key FILE`: it signs what only the owner may',
      details: { path },
      cause,
    })
  }
}

/** Makes the keys that are not there yet: a first run that was killed in between is taken up again. */
export async function makeKeys(folders: ProviderFolders, passphrase: string, light: boolean): Promise<Address> {
  for (const path of [folders.ownerKey, folders.sessionKey]) await makeKey(path, passphrase, light)
  return accountSigner(await readKey(folders.ownerKey, passphrase)).address
}

/** Of a provider whose owner's key is elsewhere. */
export async function makeSessionKey(folders: ProviderFolders, passphrase: string, light: boolean): Promise<void> {
  await makeKey(folders.sessionKey, passphrase, light)
}

/**
 * @param known: the owner, where config.json names it: then its key is not looked for
 * @throws OwnerKeyAwayError nothing says who owns it; KeystoreMissingError, KeystoreInvalidError, PassphraseWrongError
 */
export async function readKeys(
  folders: ProviderFolders,
  passphrase: string,
  known: Address | undefined,
): Promise<ProviderKeys> {
  const owner = async (): Promise<Signer> => {
    const key = await readKey(folders.ownerKey, passphrase).catch((error: unknown) => {
      if (isMissing(error)) throw new OwnerKeyAwayError(folders.ownerKey, error)
      throw error
    })
    const signer = accountSigner(key)
    if (known !== undefined && signer.address !== known) throw new OwnerKeyAwayError(folders.ownerKey)
    return signer
  }
  const address = known ?? (await addressIn(folders.ownerKey)) ?? (await owner()).address
  const session = await openSessionKey(folders, passphrase, address)
  return { address, session, owner }
}

/** Undefined: it has to be opened. */
async function addressIn(path: string): Promise<Address | undefined> {
  return await readKeyAddress(path).catch((error: unknown) => {
    if (isMissing(error)) throw new OwnerKeyAwayError(path, error)
    throw error
  })
}

function isMissing(error: unknown): boolean {
  return GranaryError.is(error) && error.code === 'KEYSTORE_MISSING'
}

async function makeKey(path: string, passphrase: string, light: boolean): Promise<void> {
  try {
    await createKey(path, passphrase, { light })
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'KEYSTORE_EXISTS') return
    throw error
  }
}
