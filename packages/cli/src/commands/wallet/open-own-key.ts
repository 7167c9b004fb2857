/** The wallet's key, opened: to sign, or to be given away. */
import { readKey } from '@granary/chain/keystore'
import { accountSigner, type Signer } from '@granary/protocol/messages'
import type { ProgramContext } from '../../program-context.ts'
import { findPassphrase } from './find-passphrase.ts'
import { keystorePath, type WalletOptions } from './wallet-options.ts'

/** @throws KeystoreMissingError, KeystoreInvalidError, PassphraseMissingError, PassphraseWrongError */
export async function openOwnKey(
  options: WalletOptions,
  context: ProgramContext,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { passphrase } = await findPassphrase(options, context, signal)
  return await readKey(keystorePath(options), passphrase)
}

/** @throws as openOwnKey */
export async function openOwnSigner(
  options: WalletOptions,
  context: ProgramContext,
  signal: AbortSignal,
): Promise<Signer> {
  return accountSigner(await openOwnKey(options, context, signal))
}
