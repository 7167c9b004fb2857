/**
 * What each message does and lays claim to, by its name. Printed from the files of ../messages by packages/chain/test/print-effects.ts: a new
 * message does not have to be written into another list than that of the protocol. The compiler says which one lacks an effect.
 */
import type { MessageBodies, Transaction, TransactionName } from '@granary/protocol/messages'
import { authorizeKey, authorizeKeyClaims } from '../messages/authorize-key.ts'
import { bondValidator, bondValidatorClaims } from '../messages/bond-validator.ts'
import { cancelDeal } from '../messages/cancel-deal.ts'
import { declareFaults, declareFaultsClaims } from '../messages/declare-faults.ts'
import { depositCollateral, depositCollateralClaims } from '../messages/deposit-collateral.ts'
import { extendSectors } from '../messages/extend-sectors.ts'
import { preCommitSectors } from '../messages/pre-commit-sectors.ts'
import { proveCommitSector, proveCommitSectorClaims } from '../messages/prove-commit-sector.ts'
import { publishDeal, publishDealClaims } from '../messages/publish-deal.ts'
import { registerProvider, registerProviderClaims } from '../messages/register-provider.ts'
import { renewDeal, renewDealClaims } from '../messages/renew-deal.ts'
import { requestRecovery, requestRecoveryClaims } from '../messages/request-recovery.ts'
import { revokeKey, revokeKeyClaims } from '../messages/revoke-key.ts'
import { setAsk } from '../messages/set-ask.ts'
import { settleDeals } from '../messages/settle-deals.ts'
import { submitPost, submitPostClaims } from '../messages/submit-post.ts'
import { submitProposal, submitProposalClaims } from '../messages/submit-proposal.ts'
import { terminateSectors } from '../messages/terminate-sectors.ts'
import { topUpByOrder } from '../messages/top-up-by-order.ts'
import { topUpDeal, topUpDealClaims } from '../messages/top-up-deal.ts'
import { transfer, transferClaims } from '../messages/transfer.ts'
import { unbondValidator } from '../messages/unbond-validator.ts'
import { unjail } from '../messages/unjail.ts'
import { updateProvider, updateProviderClaims } from '../messages/update-provider.ts'
import { vote } from '../messages/vote.ts'
import { withdrawCollateral } from '../messages/withdraw-collateral.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect, TxContext } from '../store/context.ts'

const effects: { readonly [N in TransactionName]: Effect<N> } = {
  AuthorizeKey: authorizeKey,
  BondValidator: bondValidator,
  CancelDeal: cancelDeal,
  DeclareFaults: declareFaults,
  DepositCollateral: depositCollateral,
  ExtendSectors: extendSectors,
  PreCommitSectors: preCommitSectors,
  ProveCommitSector: proveCommitSector,
  PublishDeal: publishDeal,
  RegisterProvider: registerProvider,
  RenewDeal: renewDeal,
  RequestRecovery: requestRecovery,
  RevokeKey: revokeKey,
  SetAsk: setAsk,
  SettleDeals: settleDeals,
  SubmitPost: submitPost,
  SubmitProposal: submitProposal,
  TerminateSectors: terminateSectors,
  TopUpByOrder: topUpByOrder,
  TopUpDeal: topUpDeal,
  Transfer: transfer,
  UnbondValidator: unbondValidator,
  Unjail: unjail,
  UpdateProvider: updateProvider,
  Vote: vote,
  WithdrawCollateral: withdrawCollateral,
}

export const claims: { readonly [N in TransactionName]?: Claims<N> } = {
  AuthorizeKey: authorizeKeyClaims,
  BondValidator: bondValidatorClaims,
  DeclareFaults: declareFaultsClaims,
  DepositCollateral: depositCollateralClaims,
  ProveCommitSector: proveCommitSectorClaims,
  PublishDeal: publishDealClaims,
  RegisterProvider: registerProviderClaims,
  RenewDeal: renewDealClaims,
  RequestRecovery: requestRecoveryClaims,
  RevokeKey: revokeKeyClaims,
  SubmitPost: submitPostClaims,
  SubmitProposal: submitProposalClaims,
  TopUpDeal: topUpDealClaims,
  Transfer: transferClaims,
  UpdateProvider: updateProviderClaims,
}

/** @throws TxError */
export function applyMessage<N extends TransactionName>(
  context: TxContext,
  { kind, body }: Pick<Transaction<N>, 'kind' | 'body'> & { kind: N; body: MessageBodies[N] },
): void {
  effects[kind](context, body)
}
