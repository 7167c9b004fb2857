/** What the commands of a wallet share: their options, and where its key is. */
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import {
  type ChainOptions,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  type SpendingOptions,
  withChain,
  withHome,
  withJson,
  withPassphrase,
  withSpending,
} from '../../options.ts'

export interface WalletOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {}

export interface SpendOptions extends WalletOptions, SpendingOptions {}

export function withWallet(command: Command): Command {
  return withJson(withPassphrase(withHome(withChain(command))))
}

export function withWalletSpending(command: Command): Command {
  return withSpending(withWallet(command))
}

/** `<home>/client`: key, journal and staged files. */
export function walletFolder(options: HomeOptions): string {
  return join(homeOf(options), 'client')
}

export function keystorePath(options: HomeOptions): string {
  return join(walletFolder(options), 'keystore.json')
}

/** Of an ed25519 session key. @throws InvalidArgumentError */
export function publicKeyArgument(text: string): `0x${string}` {
  const digits = text.trim().replace(/^0x/i, '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digits)) throw new InvalidArgumentError('expected a public key: 0x and 64 hex digits.')
  return `0x${digits}`
}
