/** Keys and configuration of a new provider. */
import { initProvider } from '@granary/provider'
import { passphraseOf } from './passphrase.ts'
import { providerFolder } from './provider-home.ts'

export interface SetUpProviderInput {
  readonly home: string
  readonly chainUrl: string
  readonly devnet: boolean
  readonly profile?: string | undefined
  readonly name?: string | undefined
  readonly passphraseFile?: string | undefined
}

/** @throws HOME_EXISTS, PROFILE_UNKNOWN, PASSPHRASE_MISSING */
export async function setUpProvider(input: SetUpProviderInput): Promise<{ address: string; files: readonly string[] }> {
  const { home, chainUrl, devnet, profile, name, passphraseFile } = input
  const passphrase = await passphraseOf({ passphraseFile, devnet, folder: providerFolder(home) })
  return await initProvider({
    home,
    chainUrl,
    passphrase,
    light: devnet && passphraseFile === undefined,
    ...(profile === undefined ? {} : { profile }),
    ...(name === undefined ? {} : { name }),
  })
}
