/** granary wallet faucet: a devnet's play money. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { type WalletOptions, withWallet } from './wallet-options.ts'

export function addFaucet(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('faucet'))
    .description('Ask a devnet for play money.')
    .argument('[address]', 'of another account')
    .addHelpText('after', exitCodesHelp)
    .action((address: string | undefined, options: WalletOptions) => faucet(address, options, context))
}

async function faucet(asked: string | undefined, options: WalletOptions, context: CommandContext): Promise<void> {
  const [
    { formatAddress },
    { interruptible },
    { openChain },
    { ownAddress },
    { readAddress },
    { formatAmount },
    { printResult },
  ] = await Promise.all([
    import('@granary/protocol/messages'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('./own-address.ts'),
    import('./read-address.ts'),
    import('../../print/amounts.ts'),
    import('../../print/result.ts'),
  ])
  const given = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    if (!status.devnet) throw new UsageError(`the chain at ${options.chain} is no devnet, and gives nothing away`)
    const address = asked === undefined ? await ownAddress(options, context, signal) : readAddress(asked)
    await chain.faucet(address, { signal })
    const { balance } = await chain.account(address, { signal })
    return { address, balance }
  })
  printResult(context, given, {
    json: options.json ?? false,
    text: ({ address, balance }) => `${formatAddress(address)} has ${formatAmount(balance)} now`,
  })
}
