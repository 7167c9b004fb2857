/** granary cancel DEAL: leaves a deal; what comes back is said first. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'

type CancelCommandOptions = SpendOptions & { readonly atEnd?: true }

export function addCancel(program: Command, context: CommandContext): void {
  const command = program
    .command('cancel')
    .description(
      'Leave a deal: a share of the price of the time that is left goes to its provider, the rest comes back.',
    )
    .argument('<deal>', 'its number', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--at-end', 'end its standing order: it goes on to the end that is paid, and nothing is lost')
  withWalletSpending(command)
    .addHelpText('after', exitCodesHelp)
    .action((deal: number, options: CancelCommandOptions) => cancel(deal, options, context))
}

async function cancel(deal: number, options: CancelCommandOptions, context: CommandContext): Promise<void> {
  const [
    client,
    { formatAmount },
    { interruptible },
    { openChain },
    { ownAddress },
    key,
    { confirmSpending },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../../print/amounts.ts'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('../wallet/own-address.ts'),
    import('../wallet/open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice, atEnd = false } = options
  if (atEnd) return await endOrder(deal, options, context)
  const done = await interruptible(async (signal) => {
    const { chain } = await openChain(options, signal)
    const account = await ownAddress(options, context, signal)
    const plan = await client.planCancel({ chain, deal, account }, { signal })
    if (dryRun) return { ...plan, sent: null }
    const what = `leave deal ${deal} (about ${formatAmount(plan.back)} come back)`
    await confirmSpending(context, { what, price: plan.share + plan.feeMax }, { yes, maxPrice, json, signal })
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = client.createGranary({ chain, signer, folder: walletFolder(options) })
    const { id, height, fee } = await granary.cancel(deal, { signal })
    return { ...plan, fee: BigInt(fee), sent: { id, height } }
  })
  printResult(context, done, {
    json,
    text: ({ back, share, claim, fee, sent }) => {
      const money = `about ${formatAmount(back)} come back, ${formatAmount(share)} go to its provider`
      const claimed =
        claim === 0n
          ? ''
          : `\nits data is faulty: up to ${formatAmount(claim)} of the collateral are claimed, by what becomes of it`
      return sent === null
        ? `deal ${deal} would end now: ${money}, for a fee of at most ${formatAmount(fee)}${claimed}`
        : `deal ${deal} is left, in block ${sent.height}: ${money}, for a fee of ${formatAmount(fee)}${claimed}`
    },
  })
}

async function endOrder(deal: number, options: CancelCommandOptions, context: CommandContext): Promise<void> {
  const [
    client,
    times,
    { formatAmount },
    { interruptible },
    { openChain },
    { ownAddress },
    key,
    spending,
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../../print/times.ts'),
    import('../../print/amounts.ts'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('../wallet/own-address.ts'),
    import('../wallet/open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { done, time } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    const account = await ownAddress(options, context, signal)
    const { endsAt, feeMax } = await client.planEndOrder({ chain, deal, account }, { signal })
    if (dryRun) return { done: { deal, endsAt, fee: feeMax, sent: null }, time: status }
    const what = `end the standing order of deal ${deal}`
    await spending.confirmSpending(context, { what, price: feeMax }, { yes, maxPrice, json, signal })
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = client.createGranary({ chain, signer, folder: walletFolder(options) })
    const { id, height, fee } = await granary.cancel(deal, { atEnd: true, signal })
    return { done: { deal, endsAt, fee: BigInt(fee), sent: { id, height } }, time: status }
  })
  printResult(context, done, {
    json,
    text: ({ endsAt, fee, sent }) => {
      const end = endsAt === null ? 'with its duration' : times.formatEpoch(endsAt, time)
      return sent === null
        ? `deal ${deal} would end ${end}, for a fee of at most ${formatAmount(fee)}`
        : `deal ${deal} ends ${end}; its standing order is over, in block ${sent.height}, for a fee of ${formatAmount(fee)}`
    },
  })
}
