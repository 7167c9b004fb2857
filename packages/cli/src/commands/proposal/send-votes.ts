/** granary chain proposal submit | vote: what the owner of a validator signs. */

import { getGovernance, getProposal } from '@granary/protocol/chain-api'
import { estimateFee, sendMessage } from '@granary/protocol/client'
import { parseGrn } from '@granary/protocol/grn'
import type { ProposalContent } from '@granary/protocol/messages'
import { interruptible } from '../../interruptible.ts'
import { openChain } from '../../open-chain.ts'
import { formatAmount } from '../../print/amounts.ts'
import { confirmSpending } from '../../print/confirm-spending.ts'
import { printResult } from '../../print/result.ts'
import { formatEpoch } from '../../print/times.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { openOwnSigner } from '../wallet/open-own-key.ts'
import type { SpendOptions } from '../wallet/wallet-options.ts'

export interface ParamValue {
  readonly name: string
  /** As it was typed: a whole number, or GRN. */
  readonly value: string
}

export interface SubmitProposalOptions extends SpendOptions {
  readonly title: string
  readonly link?: string
  readonly set?: readonly ParamValue[]
  readonly upgradeAt?: number
  readonly rules?: number
  readonly release?: string
}

export type VoteWord = 'yes' | 'no' | 'abstain'

export async function submitProposal(options: SubmitProposalOptions, context: CommandContext): Promise<void> {
  const { json = false, dryRun = false, yes, maxPrice, title } = options
  const changes = (options.set ?? []).map(({ name, value }) => ({ name, value: amountOf(name, value) }))
  const upgradeAsked = options.upgradeAt !== undefined
  if (upgradeAsked === changes.length > 0)
    throw new UsageError(
      'a proposal changes parameters or plans an upgrade, one of the two',
      'name parameters with --set, or a height with --upgrade-at',
    )
  if (!upgradeAsked && (options.rules !== undefined || options.release !== undefined))
    throw new UsageError('--rules and --release are for an upgrade', 'name its height with --upgrade-at')
  const { done, time } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const { deposit, rules } = await chain.ask(getGovernance, {}, { signal })
    const { link = '', release = '', upgradeAt } = options
    const upgrade = upgradeAt === undefined ? {} : { upgradeAt, rules: options.rules ?? rules + 1 }
    const body: ProposalContent = { title, link, changes, ...upgrade, release }
    const { feeMax } = await estimateFee({ chain, kind: 'SubmitProposal', body }, { signal })
    const planned = { ...body, deposit: BigInt(deposit) }
    if (dryRun) return { done: { ...planned, fee: feeMax, proposal: null, endsAt: null, sent: null }, time: status }
    const what = `propose "${title}" (the deposit of ${formatAmount(deposit)} comes back if a third votes)`
    await confirmSpending(context, { what, price: BigInt(deposit) + feeMax }, { yes, maxPrice, json, signal })
    const signer = await openOwnSigner(options, context, signal)
    const tx = await sendMessage({ chain, signer, kind: 'SubmitProposal', body, feeMax }, { signal })
    const submitted = tx.events?.find((event) => event.type === 'proposal:submitted')
    const { proposal = null, endsAt = null } = submitted ?? {}
    const sent = { id: tx.id, height: tx.height }
    return {
      done: { ...planned, fee: BigInt(tx.fee ?? 0), proposal, endsAt, sent },
      time: await chain.status({ signal }),
    }
  })
  printResult(context, done, {
    json,
    actions:
      done.proposal === null
        ? []
        : [{ cmd: `granary chain proposal vote ${done.proposal} yes`, why: 'says yes to it: to submit it does not' }],
    text: ({ proposal, deposit, endsAt, fee, sent }) =>
      sent === null || endsAt === null
        ? `would propose "${title}", for a deposit of ${formatAmount(deposit)} and a fee of at most ${formatAmount(fee)}`
        : `proposal ${proposal}, in block ${sent.height}; votes count until ${formatEpoch(endsAt, time)}`,
  })
}

export async function castVote(
  proposal: number,
  choice: VoteWord,
  options: SpendOptions,
  context: CommandContext,
): Promise<void> {
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { done, title, endsAt, time } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const { title, endsAt } = await chain.ask(getProposal, { params: { id: proposal } }, { signal })
    const body = { proposal, choice }
    const { feeMax } = await estimateFee({ chain, kind: 'Vote', body }, { signal })
    if (dryRun) return { done: { ...body, fee: feeMax, sent: null }, title, endsAt, time: status }
    const what = `say ${choice} to proposal ${proposal}, "${title}"`
    await confirmSpending(context, { what, price: feeMax }, { yes, maxPrice, json, signal })
    const signer = await openOwnSigner(options, context, signal)
    const tx = await sendMessage({ chain, signer, kind: 'Vote', body, feeMax }, { signal })
    const sent = { id: tx.id, height: tx.height }
    return { done: { ...body, fee: BigInt(tx.fee ?? 0), sent }, title, endsAt, time: await chain.status({ signal }) }
  })
  printResult(context, done, {
    json,
    text: ({ fee, sent }) =>
      sent === null
        ? `would say ${choice} to proposal ${proposal}, "${title}", for a fee of at most ${formatAmount(fee)}`
        : `${choice} to proposal ${proposal}, "${title}", in block ${sent.height}; it may be changed until ${formatEpoch(endsAt, time)}`,
  })
}

/** @throws UsageError */
function amountOf(name: string, text: string): bigint {
  if (/^[0-9]{1,39}$/.test(text)) return BigInt(text)
  try {
    if (/GRN$/.test(text)) return parseGrn(text)
  } catch {}
  throw new UsageError(`${name}=${text}: expected a whole number, or an amount such as 0.002GRN`)
}
