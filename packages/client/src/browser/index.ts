/** @granary/client/browser: the client of a page, with a journal and an outbox that survive a reload. */
export { createChainClient } from '@granary/protocol/client'
export { accountSigner } from '@granary/protocol/messages'
export type { WalletAccount, WalletGrant } from '../account/open-wallet-account.ts'
export type { WalletProvider } from '../account/wallet-signer.ts'
export { type Duration, days, hours, minutes } from '../duration.ts'
export {
  type Content,
  type ContentFile,
  type ContentSource,
  type ContentSourceOptions,
  contentSource,
  folderSource,
  SourceInvalidError,
} from '../sources/content-source.ts'
export { type BrowserOptions, browserPorts } from './browser-ports.ts'
export { createGranary } from './create-granary.ts'
export { type WalletAccountOptions, walletAccount } from './wallet-account.ts'
