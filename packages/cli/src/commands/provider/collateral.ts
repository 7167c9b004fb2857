/** granary provider deposit | withdraw: money of the owner becomes collateral, and free collateral becomes its money. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { grn } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type OwnerOptions, openOperator, openOwner, withOwner } from './open-operator.ts'

type Amount = bigint | 'all'

export function addCollateral(provider: Command, context: CommandContext): void {
  withOwner(provider.command('deposit'))
    .description("Make collateral of the owner's money: deals and sectors are backed by it.")
    .argument('<GRN>', 'how much', grn)
    .addHelpText('after', exitCodesHelp)
    .action((amount: bigint, options: OwnerOptions) => move('deposit', amount, options, context))
  withOwner(provider.command('withdraw'))
    .description('Take free collateral back, with what has vested by now.')
    .argument('<GRN>', 'how much, or `all` that is free', (text) => (text === 'all' ? text : grn(text)))
    .addHelpText('after', exitCodesHelp)
    .action((amount: Amount, options: OwnerOptions) => move('withdraw', amount, options, context))
}

async function move(
  verb: 'deposit' | 'withdraw',
  asked: Amount,
  options: OwnerOptions,
  context: CommandContext,
): Promise<void> {
  const [operator, { feeOf }, { formatAmount }, { interruptible }, { confirmSpending }, { printResult }] =
    await Promise.all([
      import('@granary/provider/operator'),
      import('@granary/protocol/messages'),
      import('../../print/amounts.ts'),
      import('../../interruptible.ts'),
      import('../../print/confirm-spending.ts'),
      import('../../print/result.ts'),
    ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const moved = await interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, provider } = opened
    const before = await operator.readMoney(chain, provider.id, { signal })
    const amount = asked === 'all' ? before.collateral.free : asked
    const kind = verb === 'deposit' ? 'DepositCollateral' : 'WithdrawCollateral'
    const fee = feeOf(kind, MESSAGE_BYTES_MAX, await chain.fees({ signal }))
    const planned = { provider: provider.id, amount, fee, free: before.collateral.free, balance: before.balance }
    if (dryRun) return { ...planned, sent: null }
    const signer = await openOwner(options, opened)
    const what = verb === 'deposit' ? `deposit ${formatAmount(amount)}` : `withdraw ${formatAmount(amount)}`
    await confirmSpending(
      context,
      { what, price: verb === 'deposit' ? amount + fee : fee },
      { yes, maxPrice, json, signal },
    )
    const owner = { chain, signer, provider: provider.id, signal }
    const tx = await (verb === 'deposit'
      ? operator.depositCollateral(owner, amount)
      : operator.withdrawCollateral(owner, amount))
    const after = await operator.readMoney(chain, provider.id, { signal })
    const { free } = after.collateral
    return { ...planned, fee: BigInt(tx.fee), free, balance: after.balance, sent: { id: tx.id, height: tx.height } }
  })
  printResult(context, moved, {
    json,
    text: ({ amount, fee, free, balance, sent }) =>
      [
        sent === null
          ? `would ${verb} ${formatAmount(amount)}, for a fee of at most ${formatAmount(fee)}`
          : `${verb === 'deposit' ? 'deposited' : 'withdrawn'}: ${formatAmount(amount)}, in block ${sent.height}, for a fee of ${formatAmount(fee)}`,
        `the owner has ${formatAmount(balance)}; ${formatAmount(free)} of collateral are free`,
      ].join('\n'),
  })
}

const MESSAGE_BYTES_MAX = 256
