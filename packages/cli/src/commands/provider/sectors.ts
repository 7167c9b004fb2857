/** granary provider sectors list | extend | terminate: of proven ones, as the chain has them; log | retry | abandon: of others, as the home has them. */

import type { SectorView } from '@granary/protocol/client'
import type { EndingCosts, SectorUnderWay } from '@granary/provider/operator'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import {
  dateUtc,
  durationMs,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  wholeNumber,
  withHome,
  withJson,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import {
  type OperatorOptions,
  type OwnerOptions,
  openOperator,
  openOwner,
  withOperator,
  withOwner,
} from './open-operator.ts'
import { sectorNumbers } from './sector-numbers.ts'

interface ExtendOptions extends OwnerOptions {
  /** A number is an epoch. */
  readonly until?: Date | number
  readonly for?: number
}

export function addSectors(provider: Command, context: CommandContext): void {
  const sectors = provider.command('sectors').description('The sectors: those that are proven, and those under way.')
  withOperator(sectors.command('list', { isDefault: true }))
    .description('List the sectors that are proven or faulty, and those of this home that are filled or sealed.')
    .addHelpText('after', exitCodesHelp)
    .action((options: OperatorOptions) => list(options, context))
  withOwner(sectors.command('extend'))
    .description('Let sectors end later, so that their deals can be renewed. They have to be sound.')
    .argument('<n...>', 'numbers of sectors, such as 3 7 10', sectorNumbers)
    .addOption(
      new Option('--until <date>', 'they end then, such as 2027-01-31, in UTC, or at an epoch').argParser(dateOrEpoch),
    )
    .addOption(new Option('--for <time>', 'they end in that time from now, such as 180d').argParser(durationMs))
    .addHelpText('after', exitCodesHelp)
    .action((which: number[], options: ExtendOptions) => extend(which, options, context))
  withOwner(sectors.command('terminate'))
    .description('End sectors before their time: their deals end, and it costs fees and collateral.')
    .argument('<n...>', 'numbers of sectors, such as 3 7 10', sectorNumbers)
    .addHelpText('after', exitCodesHelp)
    .action((which: number[], options: OwnerOptions) => terminate(which, options, context))
  for (const [name, description] of Object.entries(ofHome))
    withJson(withHome(sectors.command(name)))
      .description(description)
      .argument('<number>', 'of the sector', wholeNumber(1, 2 ** 32 - 1))
      .addHelpText('after', exitCodesHelp)
      .action((sector: number, options: HomeOptions & JsonOptions) =>
        life(name as keyof typeof ofHome, sector, options, context),
      )
}

/** Asked of the provider that runs there, or of its store where none does. */
const ofHome = {
  log: 'Tell what has happened to a sector, with times, epochs and reasons.',
  retry: 'Forget the failures of a sector: it is tried at once.',
  abandon: 'Give up a sector that is not on the chain yet: its deals go into another one.',
} as const

async function life(
  what: keyof typeof ofHome,
  sector: number,
  options: HomeOptions & JsonOptions,
  context: CommandContext,
): Promise<void> {
  const [{ sectorLife }, { printResult }, { formatTable }, { formatDate }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
    import('../../print/times.ts'),
  ])
  printResult(context, await sectorLife(homeOf(options), what, sector), {
    json: options.json ?? false,
    text: ({ state, failures, events }, columns) =>
      [
        formatTable(
          ['when', 'epoch', 'state', 'why it failed'],
          events.map(({ atMs, epoch, ...event }) => [
            formatDate(new Date(atMs)),
            `${epoch ?? ''}`,
            event.state,
            event.reason ?? '',
          ]),
          { columns },
        ),
        `sector ${sector} is ${state}${failures === 0 ? '' : `, after ${failures} failures in a row`}`,
      ].join('\n'),
  })
}

async function list(options: OperatorOptions, context: CommandContext): Promise<void> {
  const [
    operator,
    { interruptible },
    { printResult },
    { formatTable },
    { formatDuration, momentOf },
    { configuredOwner },
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
    import('../../print/times.ts'),
    import('../../provider-home.ts'),
  ])
  const { status, ...found } = await interruptible(async (signal) => {
    const { chain, provider, status } = await openOperator(options, signal)
    const home = homeOf(options)
    const isOwn = options.provider === undefined || (await configuredOwner(home)) === provider.owner
    const underWay = isOwn ? await operator.readSectorsUnderWay(home) : []
    const sectors = await operator.sectorsOnChain(chain, provider.id, { signal })
    return { status, provider: provider.id, sectors, underWay }
  })
  const row = ({ number, profile, state, partition, expiry, deals }: SectorView) => [
    `${number}`,
    profile,
    state,
    `${partition ?? ''}`,
    momentOf(expiry, status),
    deals.join(', '),
  ]
  const rowUnderWay = ({ number, state, sinceMs, failures, deals, reason }: SectorUnderWay) => [
    `${number}`,
    state,
    `for ${formatDuration(Date.now() - sinceMs)}`,
    failures === 0 ? '' : `${failures}`,
    deals.join(', '),
    reason ?? '',
  ]
  const head = ['sector', 'profile', 'state', 'partition', 'ends', 'deals']
  const headUnderWay = ['sector', 'state', 'since', 'failed', 'deals', 'what holds it up']
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ sectors, underWay }, columns) =>
      [
        sectors.length === 0 ? 'no sectors are proven yet' : formatTable(head, sectors.map(row), { columns }),
        ...(underWay.length === 0 ? [] : ['', formatTable(headUnderWay, underWay.map(rowUnderWay), { columns })]),
      ].join('\n'),
  })
}

async function extend(which: readonly number[], options: ExtendOptions, context: CommandContext): Promise<void> {
  if ((options.until === undefined) === (options.for === undefined)) {
    throw new UsageError(
      'say either until when or for how long',
      'give --until DATE such as 2027-01-31, or --for TIME such as 180d',
    )
  }
  const [
    operator,
    { feeOf },
    { epochsIn },
    { formatAmount },
    times,
    { interruptible },
    { confirmSpending },
    { printResult },
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('@granary/protocol/messages'),
    import('@granary/protocol/epochs'),
    import('../../print/amounts.ts'),
    import('../../print/times.ts'),
    import('../../interruptible.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { status, ...extended } = await interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, provider, status } = opened
    const { until } = options
    const ms = until instanceof Date ? until.getTime() - status.timeMs : (options.for ?? 0)
    const expiry = typeof until === 'number' ? until : status.height + epochsIn(ms, status)
    if (expiry <= status.height) throw new UsageError('that time is over', 'name one that is to come')
    const fee = feeOf('ExtendSectors', bytesFor(which), await chain.fees({ signal }))
    const planned = { provider: provider.id, sectors: which, expiry, fee, status }
    if (dryRun) return { ...planned, sent: null }
    const signer = await openOwner(options, opened)
    await confirmSpending(context, { what: `extend ${countOf(which)}`, price: fee }, { yes, maxPrice, json, signal })
    const txs = await operator.extendSectors({ chain, signer, provider: provider.id, signal }, which, expiry)
    return { ...planned, sent: txs.map(({ id, height }) => ({ id, height })) }
  })
  const end = times.formatEpoch(extended.expiry, status)
  printResult(context, extended, {
    json,
    text: ({ sectors, fee, sent }) =>
      sent === null
        ? `would extend ${countOf(sectors)} until ${end}, for a fee of at most ${formatAmount(fee)}`
        : `${countOf(sectors)} end ${end} now`,
  })
}

async function terminate(which: readonly number[], options: OwnerOptions, context: CommandContext): Promise<void> {
  const [
    operator,
    { formatAmount },
    { momentOf },
    { interruptible },
    { confirmSpending },
    { printResult },
    { formatTable },
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/amounts.ts'),
    import('../../print/times.ts'),
    import('../../interruptible.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { status, ...ended } = await interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, provider, status } = opened
    const costs = await operator.endingCosts(chain, provider.id, which, { signal })
    const price = costs.reduce((sum, { fee, forfeit, collateral }) => sum + fee + forfeit + collateral, 0n)
    const planned = { provider: provider.id, costs, price, status }
    if (dryRun) return { ...planned, sent: null }
    const signer = await openOwner(options, opened)
    const deals = costs.flatMap((each) => each.deals).length
    const what = `end ${countOf(which)}, and with them ${deals === 1 ? 'a deal' : `${deals} deals`} of clients`
    await confirmSpending(context, { what, price }, { yes, maxPrice, json, signal })
    const txs = await operator.terminateSectors({ chain, signer, provider: provider.id, signal }, which)
    return { ...planned, sent: txs.map(({ id, height }) => ({ id, height })) }
  })
  const row = ({ sector, fee, forfeit, collateral, income, deals, expiry }: EndingCosts) => [
    `${sector}`,
    formatAmount(fee),
    formatAmount(forfeit),
    formatAmount(collateral),
    formatAmount(income),
    deals.join(', '),
    momentOf(expiry, status),
  ]
  const head = ['sector', 'fee', 'forfeited', 'collateral lost', 'not earned', 'deals', 'ends by itself']
  printResult(context, ended, {
    json,
    text: ({ costs, price, sent }, columns) =>
      [
        formatTable(head, costs.map(row), { columns }),
        sent === null
          ? `would cost at most ${formatAmount(price)}; the deals end, and their clients are refunded`
          : `ended, in block ${sent.at(-1)?.height}; it costs at most ${formatAmount(price)}`,
      ].join('\n'),
  })
}

function dateOrEpoch(text: string): Date | number {
  return /^\d{1,15}$/.test(text) ? Number(text) : dateUtc(text)
}

function countOf(which: readonly number[]): string {
  return which.length === 1 ? `sector ${which[0]}` : `${which.length} sectors`
}

/** Of all messages together. */
function bytesFor(which: readonly number[]): number {
  return 256 + 5 * which.length
}
