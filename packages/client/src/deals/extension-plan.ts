/** What more time for a deal costs, and whether the account has it. */
import { GranaryError } from '@granary/base'
import type { ChainClient, FeeEstimate } from '@granary/protocol/client'
import { epochTimeMs } from '@granary/protocol/epochs'
import { type Address, type AttoGrn, type Epoch, formatGrn } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { RunningDeal } from './read-running-deal.ts'

/** Amounts in attoGRN; beside each epoch its time in milliseconds since 1970, an estimate. */
export interface ExtensionPlan {
  readonly deal: number
  readonly endsAt: Epoch
  readonly endsAtMs: number
  readonly until: Epoch
  readonly untilMs: number
  /** That are added, and how long they last. */
  readonly epochs: number
  readonly epochsMs: number
  readonly pricePerEpoch: AttoGrn
  /** Of the time that is added: it is locked, and paid as it is proven. */
  readonly price: AttoGrn
  readonly fee: AttoGrn
  /** The most that may leave the balance. */
  readonly totalMax: AttoGrn
  readonly balance: AttoGrn
}

export class ExtensionFundsError extends GranaryError {
  constructor(payer: Address, { price, totalMax, balance }: ExtensionPlan) {
    const missing = formatGrn(totalMax - balance)
    super({
      code: 'INSUFFICIENT_FUNDS',
      message: `${payer} has ${formatGrn(balance)}; a price of ${formatGrn(price)} and fees come to ${formatGrn(totalMax)}: ${missing} are missing`,
      hint: 'bring money to the account, or ask for less time',
      details: { address: payer, needed: `${totalMax}`, balance: `${balance}`, missing: `${totalMax - balance}` },
    })
  }
}

export interface PlanExtensionInput {
  readonly chain: ChainClient
  readonly payer: Address
  readonly running: RunningDeal
  readonly until: Epoch
  readonly fees: FeeEstimate
}

/** @throws ExtensionFundsError INSUFFICIENT_FUNDS */
export async function planExtension(input: PlanExtensionInput, options: CallOptions): Promise<ExtensionPlan> {
  const { chain, payer, running, until, fees } = input
  const { deal, endsAt, status } = running
  const pricePerEpoch = BigInt(deal.terms.pricePerEpoch)
  const epochs = until - endsAt
  const price = pricePerEpoch * BigInt(epochs)
  const balance = BigInt((await chain.account(payer, options)).balance)
  const money = { pricePerEpoch, price, fee: fees.fee, totalMax: price + fees.feeMax, balance }
  const ends = { endsAt, endsAtMs: epochTimeMs(endsAt, status), until, untilMs: epochTimeMs(until, status) }
  const plan = { deal: deal.id, ...ends, epochs, epochsMs: epochs * status.blockTimeMs, ...money }
  if (balance < plan.totalMax) throw new ExtensionFundsError(payer, plan)
  return plan
}
