/** granary deals: the deals of this account and when they end; with its key, those that have ended are settled first. */
import { join } from 'node:path'
import type { SettleProgress } from '@granary/client'
import type { DealView, GoingOn } from '@granary/client/node'
import type { Command } from 'commander'
import { EXIT, exitCodesHelp } from '../exit-code.ts'
import {
  type ChainOptions,
  durationMs,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  withChain,
  withHome,
  withJson,
  withPassphrase,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface DealsCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {
  readonly ending?: number
}

export function addDeals(program: Command, context: CommandContext): void {
  const command = program
    .command('deals')
    .description('List the deals of this account; with its key, those that have ended are settled first.')
    .option(
      '--ending <time>',
      'only those that end within it, such as 14d; the exit code is 3 when there is one, for cron',
      durationMs,
    )
  withJson(withPassphrase(withHome(withChain(command))))
  command.addHelpText('after', exitCodesHelp).action((options: DealsCommandOptions) => deals(options, context))
}

async function deals(options: DealsCommandOptions, context: CommandContext): Promise<void> {
  const [
    client,
    { formatAmount },
    times,
    { patiently },
    { openChain },
    { findAccount },
    { printResult },
    settlement,
    table,
    { KeystoreMissingError },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../print/amounts.ts'),
    import('../print/times.ts'),
    import('../print/patiently.ts'),
    import('../open-chain.ts'),
    import('../open-signer.ts'),
    import('../print/result.ts'),
    import('../print/settlement.ts'),
    import('../print/table.ts'),
    import('@granary/chain/keystore'),
  ])
  const folder = join(homeOf(options), 'client')
  const settled: SettleProgress[] = []
  const { found, devnet, time } = await patiently(context, async (signal) => {
    const { chain, status, devnet } = await openChain(options, signal)
    const account = await findAccount({ devnet, folder, passphraseFile: options.passphraseFile })
    if (account === undefined) {
      // By cron in another home it would say for ever that nothing ends.
      if (options.ending !== undefined) throw new KeystoreMissingError(join(folder, 'keystore.json'))
      return { found: [], devnet, time: status }
    }
    const onProgress = (progress: SettleProgress) => settled.push(progress)
    const found = await client.deals({ chain, folder, ...account }, { signal, onProgress })
    return { found, devnet, time: status }
  })
  const { ending: endingMs } = options
  const own = found.filter(({ goingOn }) => endingMs === undefined || (goingOn !== null && goingOn.lastsMs <= endingMs))
  if (endingMs !== undefined && own.length > 0) context.setExitCode(EXIT.partial)
  const row = ({ id, state, provider, rootCid, pieceCid, locked, earned, paid, path, endsAt, goingOn }: DealView) => [
    `${id}`,
    state,
    `${provider}`,
    rootCid ?? pieceCid,
    endsAt === null
      ? ''
      : goingOn?.order?.state === 'kept'
        ? `goes on until ${times.formatDate(times.dateOfEpoch(goingOn.order.until, time))}`
        : times.formatDate(times.dateOfEpoch(endsAt, time)),
    formatAmount(locked),
    formatAmount(BigInt(paid) + BigInt(earned)),
    path ?? '',
  ]
  // A devnet's deals last an hour: all of them would be warned of, unless somebody asks.
  const warned = own.flatMap(({ goingOn }) =>
    goingOn !== null && (endingMs !== undefined || (!devnet && goingOn.warning !== null)) ? [goingOn] : [],
  )
  const warning = ({ deal, endsAt, pricePerMonth, extendableUntil, order }: GoingOn) => {
    if (order?.state === 'unfunded')
      return `deal ${deal} ends ${times.formatEpoch(endsAt, time)}: its standing order lacks money; bring ${formatAmount(pricePerMonth)} a month to the account`
    if (order?.state === 'kept')
      return `deal ${deal} ends with its standing order, ${times.formatEpoch(order.until, time)}; ${formatAmount(pricePerMonth)} a month until then`
    const isExtendable = extendableUntil !== null && extendableUntil > endsAt
    const keeps = isExtendable ? `\`granary topup ${deal} --for 30d\`` : `\`granary renew ${deal} --for 30d\``
    return `deal ${deal} ends ${times.formatEpoch(endsAt, time)}: ${keeps} keeps it for 30 days more, for ${formatAmount(pricePerMonth)}`
  }
  const notes = [
    ...warned.map(warning),
    ...settled.map(settlement.settlementLine),
    ...settlement.unsettledLines(own, devnet),
  ]
  printResult(
    context,
    { deals: own, settlement: settled[0] ?? null },
    {
      json: options.json ?? false,
      text: (_, columns) =>
        own.length === 0
          ? found.length === 0
            ? 'no deals yet: `granary put FILE` makes one'
            : 'no deal ends in that time'
          : [
              table.formatTable(
                ['deal', 'state', 'provider', 'CID', 'ends', 'locked', 'earned', 'file'],
                own.map(row),
                { columns },
              ),
              ...(notes.length === 0 ? [] : ['', ...notes]),
            ].join('\n'),
    },
  )
}
