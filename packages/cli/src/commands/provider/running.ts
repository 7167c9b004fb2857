/** granary provider status | traffic | alerts | reload: asked of the provider that runs in the home. */
import { join } from 'node:path'
import type { ListedAlerts, ListedTraffic, ProviderStatus } from '@granary/provider/operator'
import type { Command } from 'commander'
import { EXIT, exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, homeOf, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { Fact } from '../../print/facts.ts'
import type { CommandContext } from '../../program-context.ts'

interface RunningOptions extends HomeOptions, JsonOptions {}

export function addRunning(provider: Command, context: CommandContext): void {
  const add = (name: string, description: string, run: (options: RunningOptions) => Promise<void>): void => {
    withJson(withHome(provider.command(name)))
      .description(description)
      .addHelpText('after', exitCodesHelp)
      .action(run)
  }
  add('status', 'Show how the running provider is; the exit code is 1 while it cannot take on more.', (options) =>
    status(options, context),
  )
  add('traffic', 'List what of the stored content is fetched, by its root, the most bytes first.', (options) =>
    traffic(options, context),
  )
  add('alerts', 'List what the owner should do something about.', (options) => alerts(options, context))
  add('reload', 'Let the running provider read config.json anew and apply it.', (options) => reload(options, context))
}

function accessOf(options: HomeOptions): string {
  return join(homeOf(options), 'provider', 'admin.json')
}

async function status(options: RunningOptions, context: CommandContext): Promise<void> {
  const [
    { askProvider, getStatus },
    { printResult },
    { formatFacts },
    { formatAmount },
    { formatBytes },
    { formatDuration },
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/result.ts'),
    import('../../print/facts.ts'),
    import('../../print/amounts.ts'),
    import('../../print/quantities.ts'),
    import('../../print/times.ts'),
  ])
  const found = await askProvider(accessOf(options), getStatus)
  if (!found.ready) context.setExitCode(EXIT.failed)
  printResult(context, found, {
    json: options.json ?? false,
    text: (data) => formatFacts(factsOf(data, { grn: formatAmount, bytes: formatBytes, time: formatDuration })),
  })
}

interface Words {
  readonly grn: (amount: string) => string
  readonly bytes: (bytes: number) => string
  readonly time: (ms: number) => string
}

function factsOf(status: ProviderStatus, { grn, bytes, time }: Words): Record<string, Fact> {
  const { money, chain, disk, reasons } = status
  return {
    provider: `${status.provider} at ${status.url}, up for ${time(status.upMs)}`,
    ready: status.ready ? 'yes' : `no: ${reasons.join(', ')}`,
    alerts: status.alerts === 0 ? 'none' : `${status.alerts}: \`granary provider alerts\` says what to do`,
    chain: `height ${chain.height} at ${chain.url}`,
    market: status.acceptDeals ? 'takes deals' : 'takes no new deals',
    sectors: countsOf(status.sectors),
    deals: countsOf(status.deals),
    disk: `${bytes(disk.freeBytes)} to sell; ${bytes(disk.reserveBytes)} are kept free`,
    ...(money === null
      ? {}
      : {
          money: [
            `${grn(money.balance)} for fees`,
            `${grn(money.freeCollateral)} of collateral free, ${grn(money.lockedCollateral)} locked`,
          ],
        }),
    ...(status.outbox === 0 ? {} : { outbox: `${status.outbox} messages to the chain wait for a block` }),
  }
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0)
  return words.map(([state, count]) => `${count} ${state}`).join(', ') || 'none'
}

async function traffic(options: RunningOptions, context: CommandContext): Promise<void> {
  const [
    { askProvider, listTraffic },
    { printResult },
    { formatTable },
    { formatBytes },
    { formatDate },
    { columnsOf },
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
    import('../../print/quantities.ts'),
    import('../../print/times.ts'),
    import('../../print/columns-of.ts'),
  ])
  const row = (root: string, { answers, httpBytes, bitswapBytes }: ListedTraffic['others'], last: string): string[] => [
    `${answers}`,
    formatBytes(httpBytes),
    formatBytes(bitswapBytes),
    last,
    root,
  ]
  printResult(context, await askProvider(accessOf(options), listTraffic), {
    json: options.json ?? false,
    text: ({ roots, others }) =>
      roots.length === 0
        ? 'nothing has been fetched'
        : formatTable(
            ['answers', 'HTTP', 'bitswap', 'last', 'root'],
            [
              ...roots.map((each) => row(each.root, each, formatDate(new Date(each.lastMs)))),
              ...(others.answers === 0 ? [] : [row('all others', others, '')]),
            ],
            { columns: columnsOf(context.stdout, context.env) },
          ),
  })
}

async function alerts(options: RunningOptions, context: CommandContext): Promise<void> {
  const [{ askProvider, listAlerts }, { printResult }, { printable }, { formatDate }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/result.ts'),
    import('../../print/printable.ts'),
    import('../../print/times.ts'),
  ])
  const words = ({ code, subject, message, hint, stake, sinceMs }: ListedAlerts['alerts'][number]) =>
    [
      `${code}${subject === undefined ? '' : ` ${printable(subject)}`}, threatens ${stake}, since ${formatDate(new Date(sinceMs))}`,
      `  ${printable(message)}`,
      `  ${printable(hint)}`,
    ].join('\n')
  printResult(context, await askProvider(accessOf(options), listAlerts), {
    json: options.json ?? false,
    text: ({ alerts }) => (alerts.length === 0 ? 'no alerts' : alerts.map(words).join('\n')),
  })
}

async function reload(options: RunningOptions, context: CommandContext): Promise<void> {
  const [{ askProvider, reloadConfig }, { printResult }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/result.ts'),
  ])
  printResult(context, await askProvider(accessOf(options), reloadConfig), {
    json: options.json ?? false,
    text: ({ changed, waiting }) =>
      [
        ...(changed.length === 0 ? ['nothing to apply'] : changed),
        ...waiting.map((what) => `with the next start: ${what}`),
      ].join('\n'),
  })
}
