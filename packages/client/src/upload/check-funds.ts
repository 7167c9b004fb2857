/** Whether the account can pay for a deal, before a byte of it is uploaded: the chain would refuse it at the end. */

import { GranaryError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import { type Address, formatGrn } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { feesOfDeal } from '../plan/price-upload.ts'

/** INSUFFICIENT_FUNDS: the balance does not pay for the deal. */
export class InsufficientFundsError extends GranaryError {
  /** @param accountFee what a first transfer to the address costs its sender beside the amount; 0: it has a record */
  constructor(address: Address, needed: bigint, balance: bigint, accountFee: bigint) {
    const missing = formatGrn(needed - balance)
    const first = accountFee === 0n ? '' : ` (the first transfer to it costs its sender ${formatGrn(accountFee)} more)`
    super({
      code: 'INSUFFICIENT_FUNDS',
      message: `${address} has ${formatGrn(balance)}, price and fees come to ${formatGrn(needed)}: ${missing} are missing`,
      hint: `send at least ${missing} to ${address}${first}, or ask for a shorter duration`,
      details: { address, needed: `${needed}`, balance: `${balance}`, missing: `${needed - balance}` },
    })
  }
}

export interface CheckFundsInput {
  readonly chain: ChainClient
  readonly address: Address
  /** Of each deal, for its whole duration. */
  readonly prices: readonly bigint[]
}

/** Prices, the records of the deals, and the most that their messages cost. @throws InsufficientFundsError */
export async function checkFunds({ chain, address, prices }: CheckFundsInput, options: CallOptions): Promise<void> {
  const [account, fees, params] = await Promise.all([
    chain.account(address, options),
    chain.fees(options),
    chain.params(options),
  ])
  const perDeal = feesOfDeal({ fees, params })
  const needed = prices.reduce((sum, price) => sum + price + perDeal, 0n)
  const balance = BigInt(account.balance)
  if (balance < needed)
    throw new InsufficientFundsError(address, needed, balance, account.exists ? 0n : params.accountFee)
}
