/** granary wallet export: the key for another wallet, as the encrypted file or, when that is really wanted, raw. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { CommandContext } from '../../program-context.ts'
import { keystorePath, type WalletOptions, withWallet } from './wallet-options.ts'

interface ExportOptions extends WalletOptions {
  readonly output?: string
  readonly raw?: true
  readonly yes?: true
}

export function addExport(wallet: Command, context: CommandContext): void {
  withWallet(wallet.command('export'))
    .description('Give the key to another wallet: the keystore, under its passphrase, or the raw private key.')
    .option('-o, --output <file>', 'a new file that only you can read (default: standard output)')
    .option('--raw', 'the private key itself: whoever sees it has the account')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', exitCodesHelp)
    .action((options: ExportOptions) => exportKey(options, context))
}

async function exportKey(options: ExportOptions, context: CommandContext): Promise<void> {
  const [
    { readFile },
    { toHex },
    keys,
    messages,
    { interruptible },
    { openOwnKey },
    { printResult },
    asking,
    { UsageError },
  ] = await Promise.all([
    import('node:fs/promises'),
    import('@granary/base'),
    import('@granary/chain/keystore'),
    import('@granary/protocol/messages'),
    import('../../interruptible.ts'),
    import('./open-own-key.ts'),
    import('../../print/result.ts'),
    import('../../print/ask.ts'),
    import('../../usage-error.ts'),
  ])
  const { raw = false, yes = false, output, json = false } = options
  const path = keystorePath(options)
  const exported = await interruptible(async (signal) => {
    // First, so that a wallet without a key is told so and nobody is asked.
    const named = await keys.readKeyAddress(path)
    if (!yes) {
      const what = raw ? 'Print the private key itself, which anybody can use' : 'Print the encrypted key'
      if (json || !asking.somebodyWatches(context))
        throw new UsageError('a key is given away, and there is nobody to ask', 'say --yes if that is meant')
      if (!asking.isYes(await asking.ask(context, `${what}? [y/N] `, { signal })))
        throw new UsageError('the export was declined', 'nothing was written')
    }
    if (!raw) return { address: named ?? null, content: (await readFile(path, 'utf8')).trimEnd() }
    const key = await openOwnKey(options, context, signal)
    return { address: messages.addressOf(key), content: toHex(key) }
  })
  const { address, content } = exported
  if (output !== undefined && !(await keys.writeNewFile(output, `${content}\n`)))
    throw new UsageError(`there is something in ${output} already`, 'name another file')
  const data = {
    address,
    output: output ?? null,
    ...(output === undefined ? { [raw ? 'privateKey' : 'keystore']: content } : {}),
  }
  printResult(context, data, { json, text: () => output ?? content })
}
