/** All messages. What is known of each by its name (fees, scopes, classes, codecs, the pages of the spec) follows from this list. */

import { operatorMessages, sealingMessages } from '#operator-messages'
import { authorizeKey } from './authorize-key.ts'
import { beaconEntry } from './beacon-entry.ts'
import { cancelDeal } from './cancel-deal.ts'
import { declareFaults } from './declare-faults.ts'
import { depositCollateral } from './deposit-collateral.ts'
import { extendSectors } from './extend-sectors.ts'
import type { BodyOf } from './message.ts'
import { publishDeal } from './publish-deal.ts'
import { registerProvider } from './register-provider.ts'
import { renewDeal } from './renew-deal.ts'
import { requestRecovery } from './request-recovery.ts'
import { revokeKey } from './revoke-key.ts'
import { setAsk } from './set-ask.ts'
import { settleDeals } from './settle-deals.ts'
import { submitPost } from './submit-post.ts'
import { terminateSectors } from './terminate-sectors.ts'
import { topUpByOrder } from './top-up-by-order.ts'
import { topUpDeal } from './top-up-deal.ts'
import { transfer } from './transfer.ts'
import { updateProvider } from './update-provider.ts'
import { withdrawCollateral } from './withdraw-collateral.ts'

// Numbers left out belong to messages of chain.md that this version of the chain does not take yet. The scopes of a daemon's
// key stand in the state in this order.
const messages = [
  transfer,
  authorizeKey,
  revokeKey,
  registerProvider,
  updateProvider,
  setAsk,
  depositCollateral,
  withdrawCollateral,
  publishDeal,
  renewDeal,
  topUpDeal,
  topUpByOrder,
  cancelDeal,
  ...sealingMessages,
  extendSectors,
  terminateSectors,
  submitPost,
  declareFaults,
  requestRecovery,
  settleDeals,
  ...operatorMessages,
] as const

type Messages = (typeof messages)[number]
type Named<M extends { readonly name: string }> = { readonly [E in M as E['name']]: E }

/** The messages that an account sends. */
export const transactions = byName(messages)
/** All items of a block: the beacon's entries too. A page has no use for it, and a bundler leaves it out. */
export const declarations = /* @__PURE__ */ itemsOfBlocks()

/** The messages that an account sends: all but the beacon's entry. */
export type TransactionName = Messages['name']
export type MessageName = TransactionName | (typeof beaconEntry)['name']
export type MessageBodies = { readonly [N in MessageName]: BodyOf<(typeof declarations)[N]> }

function itemsOfBlocks(): Named<Messages | typeof beaconEntry> {
  return byName([beaconEntry, ...messages])
}

function byName<M extends { readonly name: string }>(list: readonly M[]): Named<M> {
  return Object.fromEntries(list.map((each) => [each.name, each])) as Named<M>
}
