/** granary provider deposit | withdraw: money of the owner becomes collateral, and free collateral becomes its money. */
import { GranaryError } from '@granary/base'
import type { ProviderView, TxView } from '@granary/protocol/client'
import type { OwnerContext } from '@granary/provider/operator'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { grn, homeOf } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { lowerCollateral } from './lower-collateral.ts'
import { type Operator, type OwnerOptions, openOperator, openOwner, withOwner } from './open-operator.ts'
import { tellRunning } from './tell-running.ts'

type Amount = bigint | 'all'

export function addCollateral(provider: Command, context: CommandContext): void {
  withOwner(provider.command('deposit'))
    .description("Make collateral of the owner's money: deals and sectors are backed by it.")
    .argument('<GRN>', 'how much', grn)
    .addHelpText('after', exitCodesHelp)
    .action((amount: bigint, options: OwnerOptions) => move('deposit', amount, options, context))
  withOwner(provider.command('withdraw'))
    .description(
      'Take free collateral back, with what has vested by now; config.json asks for no more than is left then.',
    )
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
    if (dryRun) return { ...planned, config: null, sent: null }
    const signer = await openOwner(options, opened)
    const what = verb === 'deposit' ? `deposit ${formatAmount(amount)}` : `withdraw ${formatAmount(amount)}`
    await confirmSpending(
      context,
      { what, price: verb === 'deposit' ? amount + fee : fee },
      { yes, maxPrice, json, signal },
    )
    const owner = { chain, signer, provider: provider.id, signal }
    const { tx, config } =
      verb === 'deposit'
        ? { tx: await operator.depositCollateral(owner, amount), config: null }
        : await withdraw(homeOf(options), opened, owner, amount)
    const after = await operator.readMoney(chain, provider.id, { signal })
    const { free } = after.collateral
    return {
      ...planned,
      fee: BigInt(tx.fee),
      free,
      balance: after.balance,
      config,
      sent: { id: tx.id, height: tx.height },
    }
  })
  printResult(context, moved, {
    json,
    text: ({ amount, fee, free, balance, config, sent }) =>
      [
        sent === null
          ? `would ${verb} ${formatAmount(amount)}, for a fee of at most ${formatAmount(fee)}`
          : `${verb === 'deposit' ? 'deposited' : 'withdrawn'}: ${formatAmount(amount)}, in block ${sent.height}, for a fee of ${formatAmount(fee)}`,
        `the owner has ${formatAmount(balance)}; ${formatAmount(free)} of collateral are free`,
        ...(verb === 'deposit' || sent === null
          ? []
          : [config === null ? ELSEWHERE : `${config} asks for no more than is left`]),
      ].join('\n'),
  })
}

/** The file first: a provider that starts meanwhile would deposit again what has just been withdrawn. */
async function withdraw(
  home: string,
  { chain, provider }: Operator,
  owner: OwnerContext,
  amount: bigint,
): Promise<{ tx: TxView; config: string | null }> {
  const { changeConfig, withdrawCollateral } = await import('@granary/provider/operator')
  const depositedIn = ({ collateral }: ProviderView) => BigInt(collateral.free) + BigInt(collateral.locked)
  const lowered = await lowerCollateral(home, provider, depositedIn(provider) - amount)
  const tx = await withdrawCollateral(owner, amount).catch(async (error: unknown) => {
    const isRefused = GranaryError.is(error) && !error.retryable && error.code !== 'MESSAGE_UNDECIDED'
    if (lowered !== undefined && isRefused) await changeConfig(lowered.file, { collateral: lowered.before })
    throw error
  })
  if (lowered === undefined) return { tx, config: null }
  // What had vested became collateral too.
  const left = depositedIn(await chain.provider(provider.id))
  await changeConfig(lowered.file, { collateral: String(left < BigInt(lowered.before) ? left : lowered.before) })
  await tellRunning(home)
  return { tx, config: lowered.file }
}

const ELSEWHERE =
  "this home has no config.json of it: see that the provider's own asks for no more collateral than is left"
const MESSAGE_BYTES_MAX = 256
