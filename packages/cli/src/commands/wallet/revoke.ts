/** granary wallet revoke: a session key signs nothing any more. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { publicKeyArgument, type WalletOptions, walletFolder, withWallet } from './wallet-options.ts'

export function addRevoke(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('revoke'))
    .description('Take a session key its rights, at once: it costs a fee alone, and nobody is asked.')
    .argument('<public-key>', 'as `granary wallet keys` lists it', publicKeyArgument)
    .addHelpText('after', exitCodesHelp)
    .action((publicKey: `0x${string}`, options: WalletOptions) => revoke(publicKey, options, context))
}

async function revoke(publicKey: `0x${string}`, options: WalletOptions, context: CommandContext): Promise<void> {
  const [{ createGranary }, { interruptible }, { openChain }, { openOwnSigner }, { printResult }] = await Promise.all([
    import('@granary/client/node'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('./open-own-key.ts'),
    import('../../print/result.ts'),
  ])
  const done = await interruptible(async (signal) => {
    const { chain } = await openChain(options, signal)
    const signer = await openOwnSigner(options, context, signal)
    const { id, height, fee } = await createGranary({ chain, signer, folder: walletFolder(options) }).revokeKey(
      publicKey,
      {
        signal,
      },
    )
    return { publicKey, fee, sent: { id, height } }
  })
  printResult(context, done, {
    json: options.json ?? false,
    text: ({ sent }) => `${publicKey} signs nothing any more, from block ${sent.height} on`,
  })
}
