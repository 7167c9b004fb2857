/** The account of a page whose key is in a wallet: window.ethereum, or one that EIP-6963 announces. */
import { createChainClient } from '@granary/protocol/client'
import type { WalletAccount, WalletGrant } from '../account/open-wallet-account.ts'
import type { WalletProvider } from '../account/wallet-signer.ts'
import type { CallOptions } from '../call-options.ts'
import type { Chain } from '../ports.ts'
import { STORAGE_NAME } from './browser-ports.ts'

/** What a page gives to have its account in a wallet. */
export interface WalletAccountOptions extends WalletGrant {
  /** Address of a chain node, or a client of one: that of the page's client. */
  readonly chain: string | Chain
  /** Such as `window.ethereum`. */
  readonly wallet: WalletProvider
}

/**
 * Asks the wallet once to allow a key of this page what a put needs, within a limit and a time; from then on, and after a reload,
 * the page's key signs and nobody is asked. The key can not be read, and is kept in IndexedDB. A transfer, a cancellation or
 * another authorisation asks the wallet.
 * @throws GranaryError WALLET_REFUSED, WALLET_LOCKED, WALLET_FAILED, WALLET_SIGNATURE_INVALID, SESSION_KEY_UNSUPPORTED,
 * INSUFFICIENT_FUNDS, what the chain refuses
 */
export async function walletAccount(
  { chain, ...options }: WalletAccountOptions,
  call?: CallOptions,
): Promise<WalletAccount> {
  const [{ openWalletAccount }, { indexedDb }, { indexedDbSessionKeys }] = await Promise.all([
    import('../account/open-wallet-account.ts'),
    import('./indexed-db.ts'),
    import('./indexed-db-session-keys.ts'),
  ])
  const client = typeof chain === 'string' ? createChainClient({ url: chain }) : chain
  return await openWalletAccount(
    { ...options, chain: client, keys: indexedDbSessionKeys(indexedDb(STORAGE_NAME)) },
    call,
  )
}
