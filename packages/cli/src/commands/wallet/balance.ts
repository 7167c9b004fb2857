/** granary wallet balance: what an account has, and what its deals lock. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { type WalletOptions, withWallet } from './wallet-options.ts'

export function addBalance(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('balance'))
    .description('Show what the account has, and what its deals lock.')
    .argument('[address]', 'of another account')
    .addHelpText('after', exitCodesHelp)
    .action((address: string | undefined, options: WalletOptions) => balance(address, options, context))
}

async function balance(asked: string | undefined, options: WalletOptions, context: CommandContext): Promise<void> {
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
  const found = await interruptible(async (signal) => {
    const address = asked === undefined ? await ownAddress(options, context, signal) : readAddress(asked)
    const { chain } = await openChain(options, signal)
    const { balance, locked } = await chain.account(address, { signal })
    return { address, balance, locked }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ address, balance, locked }) =>
      `${formatAddress(address)} has ${formatAmount(balance)}; its deals lock ${formatAmount(locked)}`,
  })
}
