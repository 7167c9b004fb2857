/** granary topup DEAL: more time for a deal whose terms allow it, without its provider, by whoever pays. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'
import { type NewEndOptions, newEndOf, withNewEnd } from './new-end.ts'

type TopUpOptions = SpendOptions & NewEndOptions

export function addTopUp(program: Command, context: CommandContext): void {
  const command = program
    .command('topup')
    .description('Add time to a deal whose terms allow it: anybody may pay for it, and its provider is not asked.')
    .argument('<deal>', 'its number', wholeNumber(0, Number.MAX_SAFE_INTEGER))
  withWalletSpending(withNewEnd(command))
    .addHelpText('after', exitCodesHelp)
    .action((deal: number, options: TopUpOptions) => topUp(deal, options, context))
}

async function topUp(deal: number, options: TopUpOptions, context: CommandContext): Promise<void> {
  const [
    client,
    { interruptible },
    { openChain },
    { ownAddress },
    key,
    { confirmSpending },
    { extensionText },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('../wallet/own-address.ts'),
    import('../wallet/open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('./extension-text.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { done, time } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options.chain, signal)
    const payer = await ownAddress(options, context, signal)
    const until = await newEndOf(options, { chain, time: status, deal }, signal)
    const plan = await client.planTopUp({ chain, payer, deal, until }, { signal })
    if (dryRun) return { done: { ...plan, resumed: false, sent: null }, time: status }
    const what = `run deal ${deal} for ${plan.epochs} more epochs`
    await confirmSpending(context, { what, price: plan.totalMax }, { yes, maxPrice, json, signal })
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = client.createGranary({ chain, signer, folder: walletFolder(options) })
    const { tx, resumed, endsAt } = await granary.topUp({ deal, until }, { signal })
    const sent = { id: tx.id, height: tx.height }
    return { done: { ...plan, until: endsAt, fee: BigInt(tx.fee), resumed, sent }, time: status }
  })
  printResult(context, done, { json, text: (data) => extensionText(data, time) })
}
