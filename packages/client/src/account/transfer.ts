/** Money to another account, once: docs/adr/0048-a-wish-is-paid-once.md. */
import { GranaryError } from '@granary/base'
import { type ChainClient, estimateFee } from '@granary/protocol/client'
import { type Address, type AttoGrn, formatGrn } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { type SentOnce, type Spender, type SpendOptions, sendOnce } from './send-once.ts'

/** Who is to get how much, in attoGRN. */
export interface TransferWish {
  readonly to: Address
  readonly amount: AttoGrn
}

/** attoGRN. */
export interface TransferPlan extends TransferWish {
  readonly from: Address
  /** What the address has never had: its first record costs the sender that much. */
  readonly accountFee: AttoGrn
  readonly fee: AttoGrn
  /** The most that may leave the account: fees may rise until the block. */
  readonly totalMax: AttoGrn
  readonly balance: AttoGrn
}

/** The account has less than what is to leave it. */
export class TransferFundsError extends GranaryError {
  constructor({ from, amount, totalMax, balance }: TransferPlan) {
    const missing = formatGrn(totalMax - balance)
    super({
      code: 'INSUFFICIENT_FUNDS',
      message: `${from} has ${formatGrn(balance)}; ${formatGrn(amount)} and fees come to ${formatGrn(totalMax)}: ${missing} are missing`,
      hint: 'send less, or bring money to the account first',
      details: { address: from, needed: `${totalMax}`, balance: `${balance}`, missing: `${totalMax - balance}` },
    })
  }
}

/** A transfer that is to be priced. */
export interface PlanTransferInput extends TransferWish {
  readonly chain: ChainClient
  readonly from: Address
}

/** What a transfer costs; nothing is signed. @throws TransferFundsError, GranaryError AMOUNT_ZERO */
export async function planTransfer(input: PlanTransferInput, options: CallOptions = {}): Promise<TransferPlan> {
  const { chain, from, to, amount } = input
  if (amount <= 0n) {
    const message = `a transfer of ${formatGrn(amount)}`
    throw new GranaryError({ code: 'AMOUNT_ZERO', message, hint: 'name an amount above zero' })
  }
  const [account, receiver, params, { fee, feeMax }] = await Promise.all([
    chain.account(from, options),
    chain.account(to, options),
    chain.params(options),
    estimateFee({ chain, kind: 'Transfer', body: { to, amount } }, options),
  ])
  const accountFee = receiver.exists ? 0n : params.accountFee
  const balance = BigInt(account.balance)
  const plan = { from, to, amount, accountFee, fee, totalMax: amount + accountFee + feeMax, balance }
  if (plan.balance < plan.totalMax) throw new TransferFundsError(plan)
  return plan
}

/**
 * @returns `resumed`: an earlier call with this address and amount, which did not see its end, has paid; nothing was sent now
 * @throws as planTransfer and sendOnce, and what `confirm` throws
 */
export async function transfer(
  spender: Spender,
  wish: TransferWish,
  options: SpendOptions<TransferPlan> = {},
): Promise<SentOnce> {
  const { chain, signer } = spender
  const { confirm, ...call } = options
  const { to, amount } = wish
  const isSame = (earlier: TransferWish) => isSameAddress(earlier.to, to) && earlier.amount === amount
  const plan = async () => {
    const planned = confirm && (await planTransfer({ chain, from: signer.address, to, amount }, call))
    if (planned) await confirm(planned)
    return { body: { to, amount }, feeMax: planned && planned.totalMax - amount - planned.accountFee }
  }
  return await sendOnce({ ...spender, kind: 'Transfer', isSame, plan }, call)
}

/** Letters of an address may be large or small. */
function isSameAddress(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
