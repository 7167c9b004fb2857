/** granary renew DEAL: more time for a deal, for which its provider signs. */
import type { RenewalPlan } from '@granary/client'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'
import type { Planned } from './extension-text.ts'
import { type NewEndOptions, newEndOf, withNewEnd } from './new-end.ts'

type RenewOptions = SpendOptions & NewEndOptions

export function addRenew(program: Command, context: CommandContext): void {
  const command = program
    .command('renew')
    .description(
      'Agree with the provider of a running deal on a later end, at its price; the provider adds collateral. After a crash the same command finishes what it began, and pays once.',
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
    { extensionOf, extensionText },
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
    const wish = newEndOf(options, deal, status)
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = createGranary({ chain, signer, folder: walletFolder(options) })
    if (dryRun) {
      const { signed: _signed, ...plan } = await granary.planRenewal(wish, { signal })
      return { done: { ...plan, resumed: false as const, sent: null }, time: status }
    }
    let plan: Planned | undefined
    const confirm = async ({ signed: _signed, ...asked }: RenewalPlan) => {
      const what = `run deal ${deal} for ${asked.epochs} more epochs`
      await confirmSpending(context, { what, price: asked.totalMax }, { yes, maxPrice, json, signal })
      plan = asked
    }
    const done = await granary.renew(wish, { signal, confirm })
    return { done: extensionOf(deal, plan, done), time: status }
  })
  printResult(context, done, { json, text: (data) => extensionText(data, time) })
}
