/** Makes the folder of a new provider: its keys, its volumes, and its configuration last. */
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import { createChainClient } from '@granary/protocol/client'
import type { Address } from '@granary/protocol/messages'
import { makeKeys, makeSessionKey } from '../chain/owner-keys.ts'
import { requireProfile } from '../chain/require-profile.ts'
import { checkConfig, type ProviderConfig, readConfig, writeConfig } from '../config.ts'
import { makeFolders, providerFolders } from '../storage/folders.ts'
import { makeVolume } from '../storage/volume-record.ts'
import { volumeRoles } from '../storage/volumes.ts'

export interface InitProviderOptions {
  readonly home: string
  readonly chainUrl: string
  /** Whether it is asked which sectors it takes; where it is not up yet, the first start does. @default true */
  readonly askChain?: boolean
  /** @default 8MiB-dev */
  readonly profile?: string
  readonly passphrase: string
  /** A keystore that is quick to open: only where the passphrase is random and the money is a devnet's. */
  readonly light?: boolean
  /** The account that owns it, whose key is elsewhere. @default one that is made here */
  readonly owner?: Address | undefined
  /** Folders on other disks: empty, or volumes of the same owner before. */
  readonly volumes?: readonly string[]
  /** What else the configuration says; everything else by default. */
  readonly config?: InitialConfig
}

export interface InitialConfig
  extends Partial<Pick<ProviderConfig, 'name' | 'region' | 'publicUrl' | 'capacityBytes' | 'activateWithinMs'>> {
  readonly ask?: Partial<ProviderConfig['ask']>
}

export class HomeExistsError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_EXISTS',
      message: `${path} is there already`,
      hint: 'run it with `granary provider run`, change it with `granary provider config set`, or choose another --home',
      details: { path },
    })
  }
}

/** @throws HomeExistsError */
export async function requireNoHome(home: string): Promise<void> {
  const { config } = providerFolders(home)
  if (await isConfigured(config)) throw new HomeExistsError(config)
}

/** @throws HomeExistsError; UnknownProfileError PROFILE_UNKNOWN; ProfileRefusedError PROFILE_REFUSED; VolumeFolderError, ConfigError, CHAIN_UNREACHABLE, … */
export async function initProvider(options: InitProviderOptions): Promise<{ address: Address; files: string[] }> {
  const { home, chainUrl, askChain = true, passphrase, light = false, owner } = options
  const profile = profileNamed(options.profile ?? '8MiB-dev').name
  const folders = providerFolders(home)
  await requireNoHome(home)
  const wanted = { schemaVersion: 1, chainUrl, profile, name: '', ...options.config } as const
  // Before anything is written: what is wrong leaves nothing behind.
  checkConfig(folders.config, wanted)
  if (askChain) await requireProfile(createChainClient({ url: chainUrl }), profile)
  await makeFolders(folders)
  if (owner !== undefined) await makeSessionKey(folders, passphrase, light)
  const address = owner ?? (await makeKeys(folders, passphrase, light))
  const volumes: ProviderConfig['volumes'] = []
  for (const path of options.volumes ?? []) {
    const at = await realpath(resolve(path)).catch(() => resolve(path))
    const { id } = await makeVolume(at, address, undefined)
    volumes.push({ path: at, id, roles: [...volumeRoles], weight: 1 })
  }
  // Last: a folder with a configuration is a whole one.
  await writeConfig(folders.config, { ...wanted, owner: address, ...(volumes.length === 0 ? {} : { volumes }) })
  const keys = owner === undefined ? [folders.ownerKey, folders.sessionKey] : [folders.sessionKey]
  return { address, files: [folders.config, ...keys] }
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
