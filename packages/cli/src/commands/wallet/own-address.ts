/** The address of the wallet's key, from the file alone where the file says it. */
import { readKey, readKeyAddress } from '@granary/chain/keystore'
import { type Address, addressOf } from '@granary/protocol/messages'
import type { ProgramContext } from '../../program-context.ts'
import { findPassphrase } from './find-passphrase.ts'
import { keystorePath, type WalletOptions } from './wallet-options.ts'

/** @throws KeystoreMissingError, KeystoreInvalidError; what findPassphrase and readKey throw, where the file does not say it */
export async function ownAddress(
  options: WalletOptions,
  context: ProgramContext,
  signal: AbortSignal,
): Promise<Address> {
  const path = keystorePath(options)
  const named = await readKeyAddress(path)
  if (named !== undefined) return named
  const { passphrase } = await findPassphrase(options, context, signal)
  return addressOf(await readKey(path, passphrase))
}
