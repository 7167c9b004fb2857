/** What is said about deals that have ended: what has come back, and what stays locked until somebody settles it. */

import type { SettleProgress } from '@granary/client'
import type { DealView } from '@granary/client/node'
import { formatAmount } from './amounts.ts'
import { plural } from './quantities.ts'

const NAMED_MAX = 8

export function settlementText(progress: SettleProgress): string {
  const { deals } = progress
  const which =
    deals.length > NAMED_MAX
      ? plural(deals.length, 'deal')
      : `${deals.length === 1 ? 'deal' : 'deals'} ${deals.join(', ')}`
  if (progress.type === 'settled') return `${which}: ${formatAmount(progress.back)} came back`
  const what = deals.length === 0 ? 'the deals that have ended were not looked for' : `${which} could not be settled`
  return `${what}: ${progress.message} [${progress.code}]; ${progress.hint}`
}

export function settlementLine(progress: SettleProgress): string {
  return `${progress.type === 'settled' ? 'settled' : 'not settled'}: ${settlementText(progress)}`
}

/** The command that settles, as its client has to run it. */
function settleCommand(devnet: boolean): string {
  return devnet ? 'granary deals' : 'granary deals --passphrase-file FILE'
}

type Unsettled = Pick<DealView, 'id' | 'locked' | 'awaitsSettlement' | 'claim'>

/** A line for each deal whose money is not where it belongs yet. */
export function unsettledLines(deals: readonly Unsettled[], devnet: boolean): string[] {
  return deals.flatMap(({ id, locked, awaitsSettlement, claim }) => [
    ...(awaitsSettlement ? [`deal ${id}: ${lockedText(locked, devnet)}`] : []),
    ...(claim === null ? [] : [`deal ${id}: ${claimText(claim)}`]),
  ])
}

export function lockedText(locked: string, devnet: boolean): string {
  return `over, and ${formatAmount(locked)} stay locked until \`${settleCommand(devnet)}\` of its client settles it`
}

export function claimText(claim: string): string {
  return `cancelled while its data was faulty: up to ${formatAmount(claim)} of the collateral are claimed, and come to the client unless the data is proven again in time`
}
