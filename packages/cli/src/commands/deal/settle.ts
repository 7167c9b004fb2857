/** granary settle [DEAL…]: what is proven is paid, what is over comes back. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'

/** As many as the chain takes: docs/spec/chain.md, section 2. */
const DEALS_A_MESSAGE = 256
const number = wholeNumber(0, Number.MAX_SAFE_INTEGER)

export function addSettle(program: Command, context: CommandContext): void {
  const command = program
    .command('settle')
    .description('Have the chain pay what is proven of deals and give back what is over; anybody may, for a fee.')
    .argument(
      '[deals...]',
      'their numbers (default: those of this account that have ended and still lock money)',
      (text: string, found: number[] = []) => [...found, number(text)],
    )
  withWalletSpending(command)
    .addHelpText('after', exitCodesHelp)
    .action((deals: number[], options: SpendOptions) => settle(deals, options, context))
}

async function settle(named: readonly number[], options: SpendOptions, context: CommandContext): Promise<void> {
  const [
    client,
    protocol,
    { formatAmount },
    { interruptible },
    { openChain },
    { ownAddress },
    key,
    { confirmSpending },
    { printResult },
    { plural },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('@granary/protocol/client'),
    import('../../print/amounts.ts'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('../wallet/own-address.ts'),
    import('../wallet/open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
    import('../../print/quantities.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const done = await interruptible(async (signal) => {
    const { chain } = await openChain(options, signal)
    const address = await ownAddress(options, context, signal)
    const deals = named.length > 0 ? named : await client.ownEnded(chain, { address }, { signal })
    if (deals.length === 0) return { deals, fee: 0n, back: 0n, paid: 0n, sent: false }
    const body = { deals: deals.slice(0, DEALS_A_MESSAGE) }
    const each = await protocol.estimateFee({ chain, kind: 'SettleDeals', body }, { signal })
    const messages = BigInt(Math.ceil(deals.length / DEALS_A_MESSAGE))
    const [fee, feeMax] = [each.fee * messages, each.feeMax * messages]
    if (dryRun) return { deals, fee, back: null, paid: null, sent: false }
    const what = `settle ${plural(deals.length, 'deal')}`
    await confirmSpending(context, { what, price: feeMax }, { yes, maxPrice, json, signal })
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = client.createGranary({ chain, signer, folder: walletFolder(options) })
    return { ...(await granary.settle(deals, { signal })), sent: true }
  })
  printResult(context, done, {
    json,
    text: ({ deals, fee, back, paid, sent }) => {
      if (deals.length === 0) return 'nothing of this account is to be settled'
      const which = `${deals.length === 1 ? 'deal' : 'deals'} ${deals.join(', ')}`
      return sent
        ? `settled ${which}: ${formatAmount(back ?? 0n)} came back to clients, ${formatAmount(paid ?? 0n)} went to providers, for a fee of ${formatAmount(fee)}`
        : `would settle ${which}, for a fee of at most ${formatAmount(fee)}`
    },
  })
}
