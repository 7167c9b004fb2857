/** granary renew DEAL: more time for a deal, for which its provider signs. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'
import { type NewEndOptions, newEndOf, withNewEnd } from './new-end.ts'

type RenewOptions = SpendOptions & NewEndOptions

export function addRenew(program: Command, context: CommandContext): void {
  const command = program
    .command('renew')
    .description(
      'Agree with the provider of a running deal on a later end, at its price; the provider adds collateral.',
    )
    .argument('<deal>', 'its number', wholeNumber(0, Number.MAX_SAFE_INTEGER))
  withWalletSpending(withNewEnd(command))
    .addHelpText('after', exitCodesHelp)
    .action((deal: number, options: RenewOptions) => renew(deal, options, context))
}

async function renew(deal: number, options: RenewOptions, context: CommandContext): Promise<void> {
  const [
    { createGranary },
    { interruptible },
    { openChain },
    key,
    { confirmSpending },
    { extensionText },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('../wallet/open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('./extension-text.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { done, time } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options.chain, signal)
    const until = await newEndOf(options, { chain, time: status, deal }, signal)
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = createGranary({ chain, signer, folder: walletFolder(options) })
    const plan = await granary.planRenewal({ deal, until }, { signal })
    const { signed: _signed, ...planned } = plan
    if (dryRun) return { done: { ...planned, resumed: false, sent: null }, time: status }
    const what = `run deal ${deal} for ${plan.epochs} more epochs`
    await confirmSpending(context, { what, price: plan.totalMax }, { yes, maxPrice, json, signal })
    const { id, height, fee } = await granary.renew(plan, { signal })
    return { done: { ...planned, fee: BigInt(fee), resumed: false, sent: { id, height } }, time: status }
  })
  printResult(context, done, { json, text: (data) => extensionText(data, time) })
}
