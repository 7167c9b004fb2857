/** granary providers: who stores on this chain, at what price, and, with --why, who would be chosen and who not. No key is needed. */
import { join } from 'node:path'
import type { ListedProvider, ListedProviders } from '@granary/client/node'
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import {
  type ChainOptions,
  durationMs,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  withChain,
  withHome,
  withJson,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface ProvidersCommandOptions extends HomeOptions, ChainOptions, JsonOptions {
  readonly why?: true
  readonly duration?: number
}

export function addProviders(program: Command, context: CommandContext): void {
  const command = program
    .command('providers')
    .description('List who stores on this chain: price, free space, sizes, and whether they answer; no key is needed.')
    .option('--why', 'who a put would choose and why, and why not the others')
    .option('--duration <time>', 'of a put that would be for so long (default: 1h on a devnet, else 180d)', durationMs)
  withJson(withHome(withChain(command)))
    .addHelpText('after', exitCodesHelp)
    .action((options: ProvidersCommandOptions) => providers(options, context))
}

async function providers(options: ProvidersCommandOptions, context: CommandContext): Promise<void> {
  const [client, keystore, { GranaryError }, { patiently }, { openChain }, { printResult }, table, words] =
    await Promise.all([
      import('@granary/client/node'),
      import('@granary/chain/keystore'),
      import('@granary/base'),
      import('../print/patiently.ts'),
      import('../open-chain.ts'),
      import('../print/result.ts'),
      import('../print/table.ts'),
      providersWords(),
    ])
  const path = join(homeOf(options), 'client', 'keystore.json')
  const address = await keystore.readKeyAddress(path).catch((error: unknown) => {
    if (GranaryError.is(error)) return undefined
    throw error
  })
  const found = await patiently(context, async (signal) => {
    const { chain } = await openChain(options, signal)
    const duration = options.duration === undefined ? undefined : { ms: options.duration }
    const input = { chain, fetch, clock: client.systemClock, address }
    return await client.listProviders(input, { duration, signal })
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: (_, columns) =>
      found.providers.length === 0
        ? 'no provider is registered on this chain: `granary provider run` starts one'
        : [
            table.formatTable(words.head(found), found.providers.map(words.row(found)), { columns }),
            ...(options.why ? ['', ...words.why(found, columns)] : []),
          ].join('\n'),
  })
}

/** Columns that nobody has anything to say in are left out. */
const COLUMNS = ['id', 'name', 'region', 'GiB-month', 'free', 'takes', 'ms'] as const

async function providersWords() {
  const [{ formatAmount }, { formatBytes, shortBytes }, { formatFacts }, { printable }, times] = await Promise.all([
    import('../print/amounts.ts'),
    import('../print/quantities.ts'),
    import('../print/facts.ts'),
    import('../print/printable.ts'),
    import('../print/times.ts'),
  ])
  const cells = ({ id, name, region, pricePerGiBMonth, answer, pieceSizes }: ListedProvider) => ({
    ...{ id: `${id}`, name, region },
    'GiB-month': pricePerGiBMonth === null ? 'no ask' : formatAmount(pricePerGiBMonth).replace(/ GRN$/, ''),
    free: answer.state === 'answers' ? formatBytes(answer.freeBytes) : '',
    takes: pieceSizes === null ? '' : `${shortBytes(pieceSizes.min)}-${shortBytes(pieceSizes.max)}`,
    ms: answer.state === 'answers' ? `${Math.round(answer.latencyMs)}` : 'away',
  })
  const columnsOf = ({ providers }: ListedProviders) =>
    COLUMNS.filter((column) => column === 'id' || providers.some((each) => cells(each)[column] !== ''))
  return {
    head: columnsOf,
    row: (found: ListedProviders) => (provider: ListedProvider) =>
      columnsOf(found).map((column) => cells(provider)[column]),
    why({ wanted, providers }: ListedProviders, columns: number) {
      const piece = `a piece of ${formatBytes(wanted.pieceSize)} for ${times.formatDuration(wanted.durationMs)}`
      const said = ({ standing, answer }: ListedProvider): string[] =>
        standing.state === 'fits'
          ? [`${standing.score} points: ${standing.reasons.join('; ')}`]
          : [
              `not chosen: ${printable(standing.message)}`,
              ...(answer.state === 'silent' && answer.why !== standing.message
                ? [`and it does not answer: ${printable(answer.why)}`]
                : []),
            ]
      const facts = Object.fromEntries(providers.map((each) => [`${each.id}`, said(each)]))
      return [`For ${piece} (prices are GRN for a GiB and 30 days):`, formatFacts(facts, { columns })]
    },
  }
}
