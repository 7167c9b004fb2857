/** granary wallet address: where others send money to. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { type WalletOptions, withWallet } from './wallet-options.ts'

export function addAddress(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('address'))
    .description('Print the address of the account; no passphrase is needed.')
    .addHelpText('after', exitCodesHelp)
    .action((options: WalletOptions) => address(options, context))
}

async function address(options: WalletOptions, context: CommandContext): Promise<void> {
  const [{ formatAddress }, { interruptible }, { ownAddress }, { printResult }] = await Promise.all([
    import('@granary/protocol/messages'),
    import('../../interruptible.ts'),
    import('./own-address.ts'),
    import('../../print/result.ts'),
  ])
  const found = await interruptible((signal) => ownAddress(options, context, signal))
  printResult(
    context,
    { address: found },
    { json: options.json ?? false, text: ({ address }) => formatAddress(address) },
  )
}
