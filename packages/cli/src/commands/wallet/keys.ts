/** granary wallet keys: who else may sign for the account. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { type WalletOptions, withWallet } from './wallet-options.ts'

export function addKeys(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('keys'))
    .description('List the session keys of the account: what each may sign, until when, and what it may still spend.')
    .argument('[address]', 'of another account')
    .addHelpText('after', exitCodesHelp)
    .action((address: string | undefined, options: WalletOptions) => keys(address, options, context))
}

async function keys(asked: string | undefined, options: WalletOptions, context: CommandContext): Promise<void> {
  const [
    { interruptible },
    { openChain },
    { ownAddress },
    { readAddress },
    { formatAmount },
    { formatFacts },
    { formatEpoch },
    { printResult },
  ] = await Promise.all([
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('./own-address.ts'),
    import('./read-address.ts'),
    import('../../print/amounts.ts'),
    import('../../print/facts.ts'),
    import('../../print/times.ts'),
    import('../../print/result.ts'),
  ])
  const { found, time } = await interruptible(async (signal) => {
    const address = asked === undefined ? await ownAddress(options, context, signal) : readAddress(asked)
    const { chain, status } = await openChain(options, signal)
    return { found: { address, keys: await Array.fromAsync(chain.sessionKeys(address, { signal })) }, time: status }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ address, keys }) =>
      keys.length === 0
        ? `no other key may sign for ${address}`
        : keys
            .map(({ publicKey, scopes, expires, spendingLimit, spent }) =>
              formatFacts({
                key: publicKey,
                signs: scopes.join(', '),
                until: `${formatEpoch(expires, time)}${expires < time.height ? ': it has expired' : ''}`,
                spends: `${formatAmount(spent)} of ${formatAmount(spendingLimit)}`,
              }),
            )
            .join('\n\n'),
  })
}
