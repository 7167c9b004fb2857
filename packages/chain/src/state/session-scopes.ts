/**
 * What a session key may be allowed to sign. Never AuthorizeKey, RevokeKey, RegisterProvider or UpdateProvider: a key must not
 * be able to make itself stronger, which a registration does for the key that it names, or to say where the money goes.
 */
import type { TransactionName } from '@granary/protocol/messages'

/** To sign DealTerms and Quotes for the account's providers. */
export const TERMS_SCOPE = 'terms'

const transactionScopes: readonly TransactionName[] = [
  'Transfer',
  'SetAsk',
  'DepositCollateral',
  'WithdrawCollateral',
  'PublishDeal',
  'RenewDeal',
  'TopUpDeal',
  'CancelDeal',
  'PreCommitSectors',
  'ProveCommitSector',
  'ExtendSectors',
  'TerminateSectors',
  'SubmitPost',
  'DeclareFaults',
  'RequestRecovery',
  'SettleDeals',
]

/** What a provider's daemon signs unattended. */
export const daemonScopes: readonly string[] = [
  'SetAsk',
  'PreCommitSectors',
  'ProveCommitSector',
  'ExtendSectors',
  'SubmitPost',
  'DeclareFaults',
  'RequestRecovery',
  'SettleDeals',
  TERMS_SCOPE,
]

export function isScope(scope: string): boolean {
  return scope === TERMS_SCOPE || transactionScopes.some((name) => name === scope)
}
