/** granary wallet authorize: another key may sign for the account, within bounds that the chain keeps. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { durationMs, grn } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { publicKeyArgument, type SpendOptions, walletFolder, withWalletSpending } from './wallet-options.ts'

interface AuthorizeOptions extends SpendOptions {
  readonly scopes: readonly string[]
  readonly for: number
  readonly limit: bigint
}

export function addAuthorize(wallet: Command, context: CommandContext): void {
  const command = wallet
    .command('authorize')
    .description(
      'Let an ed25519 session key sign for the account: which messages, how long, and how much it may spend.',
    )
    .argument('<public-key>', 'of the program that is to sign: 0x and 64 hex digits', publicKeyArgument)
    .addOption(
      new Option('--scopes <names>', 'messages that it may sign, with commas: Transfer, PublishDeal, …, login, terms')
        .argParser(names)
        .makeOptionMandatory(),
    )
    .requiredOption('--for <time>', 'how long, such as 12h or 30d', durationMs)
    .requiredOption('--limit <GRN>', 'what may leave the account by it in all, fees included', grn)
  withWalletSpending(command)
    .addHelpText('after', exitCodesHelp)
    .action((publicKey: `0x${string}`, options: AuthorizeOptions) => authorize(publicKey, options, context))
}

function names(text: string): string[] {
  const found = text.split(',').map((name) => name.trim())
  if (found.includes('')) throw new InvalidArgumentError('expected names with commas between them.')
  return found
}

async function authorize(publicKey: `0x${string}`, options: AuthorizeOptions, context: CommandContext): Promise<void> {
  const [
    client,
    { formatAmount },
    { formatDuration, formatEpoch },
    { interruptible },
    { openChain },
    key,
    { confirmSpending },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../../print/amounts.ts'),
    import('../../print/times.ts'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('./open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
  ])
  const { scopes, for: validForMs, limit: spendingLimit, json = false, dryRun = false, yes, maxPrice } = options
  client.checkScopes(scopes)
  const grant = { publicKey, scopes, validForMs, spendingLimit }
  const { done, time } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options, signal)
    if (dryRun) return { done: { ...grant, expires: null, expiresMs: null, sent: null }, time: status }
    const what = `let the key ${publicKey} sign ${scopes.join(', ')} for ${formatDuration(validForMs)}`
    await confirmSpending(context, { what, price: spendingLimit }, { yes, maxPrice, json, signal })
    const signer = await key.openOwnSigner(options, context, signal)
    const granary = client.createGranary({ chain, signer, folder: walletFolder(options) })
    const { tx, expires, expiresMs } = await granary.authorizeKey(
      { ...grant, validFor: { ms: validForMs } },
      { signal },
    )
    return {
      done: { ...grant, expires, expiresMs, sent: { id: tx.id, height: tx.height } },
      time: await chain.status({ signal }),
    }
  })
  printResult(context, done, {
    json,
    text: ({ expires }) => {
      const bounds = `${scopes.join(', ')}, up to ${formatAmount(spendingLimit)} in all`
      return expires === null
        ? `would let ${publicKey} sign ${bounds}, for ${formatDuration(validForMs)}`
        : `${publicKey} may sign ${bounds}, until ${formatEpoch(expires, time)}`
    },
  })
}
