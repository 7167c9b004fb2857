/** granary topup DEAL: more time for a deal whose terms allow it, without its provider, by whoever pays. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'
import type { Planned } from './extension-text.ts'
import { type NewEndOptions, newEndOf, withNewEnd } from './new-end.ts'

type TopUpOptions = SpendOptions & NewEndOptions

export function addTopUp(program: Command, context: CommandContext): void {
  const command = program
    .command('topup')
    .description(
      'Add time to a deal whose terms allow it: anybody may pay for it, and its provider is not asked. After a crash the same command finishes what it began, and pays once.',
    )
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
    { extensionOf, extensionText },
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
    const wish = newEndOf(options, deal, status)
    if (dryRun) {
      const payer = await ownAddress(options, context, signal)
      const plan = await client.planTopUp({ ...wish, chain, payer }, { signal })
      return { done: { ...plan, resumed: false as const, sent: null }, time: status }
    }
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = client.createGranary({ chain, signer, folder: walletFolder(options) })
    let plan: Planned | undefined
    const confirm = async (asked: Planned) => {
      const what = `run deal ${deal} for ${asked.epochs} more epochs`
      await confirmSpending(context, { what, price: asked.totalMax }, { yes, maxPrice, json, signal })
      plan = asked
    }
    const done = await granary.topUp(wish, { signal, confirm })
    return { done: extensionOf(deal, plan, done), time: status }
  })
  printResult(context, done, { json, text: (data) => extensionText(data, time) })
}
