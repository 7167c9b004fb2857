/** Makes the folder of a new provider: its keys, and its configuration last. */
import { GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { createChainClient } from '@granary/protocol/client'
import type { Address } from '@granary/protocol/messages'
import { makeKeys } from '../chain/owner-keys.ts'
import { requireProfile } from '../chain/require-profile.ts'
import { readConfig, writeConfig } from '../config.ts'
import { makeFolders, providerFolders } from '../storage/folders.ts'

export interface InitProviderOptions {
  readonly home: string
  readonly chainUrl: string
  /** @default 8MiB-dev */
  readonly profile?: string
  readonly name?: string
  readonly passphrase: string
  /** A keystore that is quick to open: only where the passphrase is random and the money is a devnet's. */
  readonly light?: boolean
}

export class HomeExistsError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_EXISTS',
      message: `${path} is there already`,
      hint: 'run it with `granary provider run`, or choose another --home',
      details: { path },
    })
  }
}

/** @throws HomeExistsError; UnknownProfileError PROFILE_UNKNOWN; ProfileRefusedError PROFILE_REFUSED; CHAIN_UNREACHABLE, … */
export async function initProvider(options: InitProviderOptions): Promise<{ address: Address; files: string[] }> {
  const { chainUrl, name = '', passphrase, light = false } = options
  const profile = profileNamed(options.profile ?? '8MiB-dev').name
  const folders = providerFolders(options.home)
  if (await isConfigured(folders.config)) throw new HomeExistsError(folders.config)
  await requireProfile(createChainClient({ url: chainUrl }), profile)
  await makeFolders(folders)
  const address = await makeKeys(folders, passphrase, light)
  // Last: a folder with a configuration is a whole one.
  await writeConfig(folders.config, { schemaVersion: 1, chainUrl, profile, name, owner: address })
  return { address, files: [folders.config, folders.ownerKey, folders.sessionKey] }
}

async function isConfigured(path: string): Promise<boolean> {
  try {
    await readConfig(path)
    return true
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'HOME_MISSING') return false
    throw error
  }
}
