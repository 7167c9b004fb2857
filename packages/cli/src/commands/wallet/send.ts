/** granary wallet send ADDRESS AMOUNT: money to another account, once, however often the command has to be given. */
import type { TransferPlan } from '@granary/client'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { grn } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from './wallet-options.ts'

export function addSend(wallet: Command, context: CommandContext): void {
  withWalletSpending(wallet.command('send'))
    .description('Send money to another account; after a crash the same command finishes what it began, and pays once.')
    .argument('<address>', 'who gets it')
    .argument('<amount...>', 'such as `1.5`, `1.5 GRN` or `1500 attoGRN`')
    .addHelpText('after', exitCodesHelp)
    .action((to: string, amount: readonly string[], options: SpendOptions) =>
      send(to, grn(amount.join(' ')), options, context),
    )
}

/** The chain takes it as it takes any account. */
const NOBODY = `0x${'0'.repeat(40)}`
const LOST = 'nobody has the key of this address: what is sent to it is lost for good'

async function send(receiver: string, amount: bigint, options: SpendOptions, context: CommandContext): Promise<void> {
  const [
    { createGranary, planTransfer },
    { formatAddress },
    { interruptible },
    { openChain },
    { ownAddress },
    { readAddress },
    { openOwnSigner },
    { confirmSpending },
    { formatAmount },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('@granary/protocol/messages'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('./own-address.ts'),
    import('./read-address.ts'),
    import('./open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/amounts.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const to = readAddress(receiver)
  const warning = to === NOBODY ? LOST : undefined
  const sent = await interruptible(async (signal) => {
    const { chain } = await openChain(options, signal)
    const from = await ownAddress(options, context, signal)
    if (from === to) throw new UsageError('that is your own address', 'name the account that is to have the money')
    if (dryRun) {
      const planned = await planTransfer({ chain, from, to, amount }, { signal })
      return { ...planned, warning, resumed: false, sent: null }
    }
    const signer = await openOwnSigner(options, context, signal)
    const granary = createGranary({ chain, signer, folder: walletFolder(options) })
    let plan: TransferPlan | undefined
    const confirm = async (asked: TransferPlan) => {
      const what = `send ${formatAmount(amount)} to ${formatAddress(to)}`
      await confirmSpending(context, { what, price: asked.totalMax, warning }, { yes, maxPrice, json, signal })
      plan = asked
    }
    const { tx, resumed } = await granary.transfer({ to, amount }, { signal, confirm })
    const balance = BigInt((await chain.account(from, { signal })).balance)
    const sent = { id: tx.id, height: tx.height }
    const facts = { from, to, amount, fee: BigInt(tx.fee), balance, warning, resumed, sent }
    return { ...(plan as TransferPlan | undefined), ...facts }
  })
  printResult(context, sent, {
    json,
    text: ({ fee, accountFee = 0n, balance, resumed, sent }) => {
      const money = `${formatAmount(amount)} to ${formatAddress(to)}`
      const first = accountFee === 0n ? '' : `, and ${formatAmount(accountFee)} for the first record of that account`
      const cost = `a fee of ${sent === null ? 'at most ' : ''}${formatAmount(fee)}${first}`
      const warned = warning === undefined ? '' : `\n${warning}`
      const left = `the account has ${formatAmount(balance)}${warned}`
      if (sent === null) return `would send ${money}, for ${cost}\n${left}`
      if (resumed)
        return `an earlier run had signed this, and it is paid: ${money}, in block ${sent.height}; nothing more was sent\n${left}`
      return `sent ${money}, in block ${sent.height}, for ${cost}\n${left}`
    },
  })
}
