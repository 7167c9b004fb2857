/** What an account can do: loaded when it does something. */
import type { TxView } from '@granary/protocol/client'
import type { Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Ports } from '../ports.ts'
import { type Authorized, authorizeKey, type KeyGrant } from './authorize-key.ts'
import { revokeKey } from './revoke-key.ts'
import type { SentOnce, SpendOptions } from './send-once.ts'
import { planTransfer, type TransferPlan, type TransferWish, transfer } from './transfer.ts'

export interface AccountVerbs {
  /** Sends money, in attoGRN; a call that died before its end is finished by the same call, and pays once. */
  transfer(wish: TransferWish, options?: SpendOptions<TransferPlan>): Promise<SentOnce>
  /** What a transfer costs; nothing is signed. */
  planTransfer(wish: TransferWish, options?: CallOptions): Promise<TransferPlan>
  /** Lets a session key sign for the account, within scopes, a time and a limit. */
  authorizeKey(grant: KeyGrant, options?: CallOptions): Promise<Authorized>
  /** From its block on the session key signs nothing any more. */
  revokeKey(publicKey: Hash, options?: CallOptions): Promise<TxView>
}

export type AccountPorts = Pick<Ports, 'chain' | 'account' | 'outbox' | 'lock'>

export function accountVerbs({ chain, account: signer, outbox, lock }: AccountPorts): AccountVerbs {
  return {
    transfer: (wish, options) => transfer({ chain, signer, outbox, lock }, wish, options),
    planTransfer: (wish, options) => planTransfer({ ...wish, chain, from: signer.address }, options),
    authorizeKey: (grant, options) => authorizeKey({ ...grant, chain, signer }, options),
    revokeKey: (publicKey, options) => revokeKey({ chain, signer, publicKey }, options),
  }
}
