/**
 * The provider's two keys, both in encrypted keystores: the owner's, which holds the money and registers the provider,
 * and the session key, which the daemon signs with and which the chain lets do no more than a daemon needs.
 */

import { GranaryError } from '@granary/base'
import { createKey, readKey } from '@granary/chain/keystore'
import { type Address, accountSigner, type Signer, sessionSigner } from '@granary/protocol/messages'
import type { ProviderFolders } from '../storage/folders.ts'

export interface ProviderKeys {
  readonly address: Address
  readonly owner: Signer
  readonly session: Signer & { readonly publicKey: Uint8Array }
}

/** Makes the keys that are not there yet: a first run that was killed in between is taken up again. */
export async function makeKeys(folders: ProviderFolders, passphrase: string, light: boolean): Promise<ProviderKeys> {
  for (const path of [folders.ownerKey, folders.sessionKey]) await makeKey(path, passphrase, light)
  return readKeys(folders, passphrase)
}

/** @throws KeystoreMissingError, KeystoreInvalidError, PassphraseWrongError */
export async function readKeys(folders: ProviderFolders, passphrase: string): Promise<ProviderKeys> {
  const owner = accountSigner(await readKey(folders.ownerKey, passphrase))
  const session = sessionSigner(await readKey(folders.sessionKey, passphrase), owner.address)
  return { address: owner.address, owner, session }
}

async function makeKey(path: string, passphrase: string, light: boolean): Promise<void> {
  try {
    await createKey(path, passphrase, { light })
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'KEYSTORE_EXISTS') return
    throw error
  }
}
