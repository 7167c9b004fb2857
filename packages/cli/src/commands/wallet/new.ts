/** granary wallet new: a key of one's own. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { keystorePath, type WalletOptions, withWallet } from './wallet-options.ts'

export function addNew(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('new'))
    .description('Make a new key, encrypted with a passphrase that is asked for or comes from a file.')
    .addHelpText('after', exitCodesHelp)
    .action((options: WalletOptions) => newKey(options, context))
}

async function newKey(options: WalletOptions, context: CommandContext): Promise<void> {
  const [
    { createKey, KeystoreExistsError },
    { addressOf, formatAddress },
    { interruptible },
    { newPassphrase },
    { printResult },
  ] = await Promise.all([
    import('@granary/chain/keystore'),
    import('@granary/protocol/messages'),
    import('../../interruptible.ts'),
    import('./find-passphrase.ts'),
    import('../../print/result.ts'),
  ])
  const keystore = keystorePath(options)
  const key = await interruptible(async (signal) => {
    // Before anybody types a passphrase for nothing.
    if (existsSync(keystore)) throw new KeystoreExistsError(keystore)
    const { passphrase, light } = await newPassphrase(options, context, signal)
    return await createKey(keystore, passphrase, { light })
  })
  printResult(
    context,
    { address: addressOf(key), keystore },
    {
      json: options.json ?? false,
      text: ({ address }) =>
        `${formatAddress(address)}\nits key is in ${keystore}: keep a copy of the file, and the passphrase, since nobody can make them again`,
    },
  )
}
