/** Keys and configuration of a new provider. */

import type { Address } from '@granary/protocol/messages'
import { type InitialConfig, initProvider } from '@granary/provider'
import { passphraseOf } from './passphrase.ts'
import { providerFolder } from './provider-home.ts'

export interface SetUpProviderInput {
  readonly home: string
  readonly chainUrl: string
  readonly devnet: boolean
  /** Whether it answers. @default true */
  readonly askChain?: boolean
  readonly profile?: string | undefined
  readonly passphraseFile?: string | undefined
  readonly owner?: Address | undefined
  readonly volumes?: readonly string[]
  readonly config?: InitialConfig
}

/** @throws HOME_EXISTS, PROFILE_UNKNOWN, PASSPHRASE_MISSING, VOLUME_REFUSED */
export async function setUpProvider(input: SetUpProviderInput): Promise<{ address: string; files: readonly string[] }> {
  const { devnet, profile, passphraseFile, ...given } = input
  const passphrase = await passphraseOf({ passphraseFile, devnet, folder: providerFolder(given.home) })
  return await initProvider({
    ...given,
    passphrase,
    light: devnet && passphraseFile === undefined,
    ...(profile === undefined ? {} : { profile }),
  })
}
