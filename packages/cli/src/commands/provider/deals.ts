/** granary provider deals: asked of the provider that runs in the home; those that run, or those that have ended. */
import { join } from 'node:path'
import type { ListedDeals, ListedEndedDeals } from '@granary/provider/operator'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, homeOf, type JsonOptions, wholeNumber, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

interface DealsOptions extends HomeOptions, JsonOptions {
  readonly ended?: true
  readonly limit: number
}

type EndedDeal = ListedEndedDeals['deals'][number]

const LIMIT = 100
const LIMIT_MAX = 1_000_000

export function addDeals(provider: Command, context: CommandContext): void {
  withJson(withHome(provider.command('deals')))
    .description('List the deals of the running provider that have not ended; with --ended those that have.')
    .option('--ended', 'those that have ended: how, what they paid, and whether all of it is settled')
    .addOption(
      new Option('--limit <count>', 'of ended ones at most so many, those agreed on last')
        .argParser(wholeNumber(1, LIMIT_MAX))
        .default(LIMIT),
    )
    .addHelpText('after', exitCodesHelp)
    .action((options: DealsOptions) => (options.ended ? ended(options, context) : running(options, context)))
}

function accessOf(options: HomeOptions): string {
  return join(homeOf(options), 'provider', 'admin.json')
}

async function running(options: DealsOptions, context: CommandContext): Promise<void> {
  const [{ askProvider, listDeals }, { printResult }, { formatTable }, { formatBytes }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
    import('../../print/quantities.ts'),
  ])
  const row = ({ dealId, state, sector, client, pieceSize, pieceCid }: ListedDeals['deals'][number]) => [
    `${dealId ?? ''}`,
    state,
    `${sector ?? ''}`,
    formatBytes(pieceSize),
    client,
    pieceCid,
  ]
  printResult(context, await askProvider(accessOf(options), listDeals), {
    json: options.json ?? false,
    text: ({ deals }, columns) =>
      deals.length === 0
        ? 'no deals that have not ended; --ended lists the others'
        : formatTable(['deal', 'state', 'sector', 'size', 'client', 'piece'], deals.map(row), { columns }),
  })
}

async function ended(options: DealsOptions, context: CommandContext): Promise<void> {
  const [{ interruptible }, { printResult }, { formatTable }, { formatBytes }, { formatAmount }, { formatDate }] =
    await Promise.all([
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/table.ts'),
      import('../../print/quantities.ts'),
      import('../../print/amounts.ts'),
      import('../../print/times.ts'),
    ])
  const row = ({ dealId, state, endedAtMs, money, sector, pieceSize, client, pieceCid }: EndedDeal) => [
    `${dealId ?? ''}`,
    state,
    endedAtMs === null ? '' : formatDate(new Date(endedAtMs)),
    money === null ? '' : formatAmount(money.paid),
    money === null ? '' : provenOf(money),
    settledOf(dealId, money),
    money === null || BigInt(money.compensated) === 0n ? '' : formatAmount(money.compensated),
    `${sector ?? ''}`,
    formatBytes(pieceSize),
    client,
    pieceCid,
  ]
  const head = ['deal', 'ended as', 'when', 'paid', 'proven', 'settled', 'collateral lost', 'sector', 'size', 'client']
  const found = await interruptible((signal) => readEnded(options, signal))
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ deals, more }, columns) =>
      deals.length === 0
        ? 'no deals that have ended'
        : [
            formatTable([...head, 'piece'], deals.map(row), { columns }),
            ...(more ? [`there are older ones: --limit ${2 * options.limit} shows more`] : []),
          ].join('\n'),
  })
}

async function readEnded(
  options: DealsOptions,
  signal: AbortSignal,
): Promise<{ readonly deals: readonly EndedDeal[]; readonly more: boolean }> {
  const { askProvider, listEndedDeals } = await import('@granary/provider/operator')
  const deals: EndedDeal[] = []
  let query = ''
  for (;;) {
    const page = await askProvider(accessOf(options), listEndedDeals, { query, signal })
    deals.push(...page.deals)
    const isFull = deals.length >= options.limit
    if (page.next === null || isFull)
      return { deals: deals.slice(0, options.limit), more: page.next !== null || deals.length > options.limit }
    query = `?before=${page.next}`
  }
}

function provenOf({ provenEpochs, faultedEpochs }: NonNullable<EndedDeal['money']>): string {
  const all = provenEpochs + faultedEpochs
  return all === 0 ? 'none of it' : `${((100 * provenEpochs) / all).toFixed(1)} %`
}

function settledOf(dealId: number | null, money: EndedDeal['money']): string {
  if (money !== null) return money.settled ? 'yes' : 'not yet'
  return dealId === null ? 'was not published' : 'the chain does not say'
}
