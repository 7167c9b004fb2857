/**
 * granary provider proving declare | recover: sectors taken out for planned maintenance, and back. What the provider is to do stands
 * in config.json: one that runs does it, and goes on with it after a start.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GranaryError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import type { OutageCosts } from '@granary/provider/operator'
import type { Command } from 'commander'
import { moreHelp } from '../../more-help.ts'
import { homeOf } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { changeRunning } from './change-running.ts'
import { type Operator, type OwnerOptions, openOperator, openOwner, withOwner } from './open-operator.ts'
import { sectorNumbers } from './sector-numbers.ts'

/** The provider looks every few seconds, and its message waits for a block. */
const DONE_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 500

export function addMaintenance(proving: Command, context: CommandContext): void {
  withOwner(proving.command('declare'))
    .description('Take sectors out for planned maintenance: a declared fault costs a quarter of a missed proof.')
    .argument('<n...>', 'numbers of sectors, such as 3 7 10', sectorNumbers)
    .addHelpText(
      'after',
      moreHelp(
        'They are not asked back before `granary provider proving recover`. A provider that runs signs it itself; where none runs the owner does.',
      ),
    )
    .action((which: number[], options: OwnerOptions) => declare(which, options, context))
  withOwner(proving.command('recover'))
    .description(
      'Take faulty sectors back: each is proven here first, and then challenged with four times the samples.',
    )
    .argument('<n...>', 'numbers of sectors, such as 3 7 10', sectorNumbers)
    .addHelpText('after', moreHelp('The provider has to run: it asks for them, and answers.'))
    .action((which: number[], options: OwnerOptions) => recover(which, options, context))
}

async function declare(which: readonly number[], options: OwnerOptions, context: CommandContext): Promise<void> {
  const [operator, { formatAmount }, { formatEpoch }, print] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/amounts.ts'),
    import('../../print/times.ts'),
    printers(),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { status, ...declared } = await print.interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, provider, status } = opened
    const plan = await operator.planOutage({ chain, provider: provider.id, signal }, which)
    const planned = { provider: provider.id, ...plan, status, config: null, declared: null }
    if (dryRun) return planned
    const runs = await isRunning(options, opened)
    const signer = runs ? undefined : await openOwner(options, opened)
    const what = `declare ${countOf(plan.sectors.length)} faulty`
    await print.confirmSpending(context, { what, price: plan.price }, { yes, maxPrice, json, signal })
    const config = await keepOut(options, opened, (before) =>
      [...new Set([...before, ...which])].toSorted((a, b) => a - b),
    )
    if (signer !== undefined) await operator.declareAsOwner({ chain, signer, provider: provider.id, signal }, plan)
    const done = await whenSo(
      which,
      async (number) => (await stateOf(chain, provider.id, number, signal)) !== 'active',
      signal,
    )
    return { ...planned, config, declared: done }
  })
  const row = ({ sector, partition, fee, unpaid, incomePerPeriod, deals }: OutageCosts) => [
    ...[`${sector}`, `${partition}`, formatAmount(fee), formatAmount(unpaid), formatAmount(incomePerPeriod)],
    deals.join(', '),
  ]
  const head = ['sector', 'partition', 'fee', 'unpaid since its last proof', 'not earned a period', 'deals']
  print.printResult(context, declared, {
    json,
    text: ({ sectors, price, missedFee, neededUntil, backBy, declared }, columns) => {
      const late = declared === null ? [] : sectors.filter(({ sector }) => !declared.includes(sector))
      return [
        print.formatTable(head, sectors.map(row), { columns }),
        declared === null
          ? `would cost ${formatAmount(price)}; a proof missed for them instead ${formatAmount(missedFee)}`
          : `${countOf(declared.length)} declared faulty, for at most ${formatAmount(price)}`,
        ...(late.length === 0
          ? []
          : [
              `not yet: ${late.map(({ sector }) => sector).join(', ')}; an open challenge asks for them, the provider goes on with it by itself`,
            ]),
        `keep their disks until ${formatEpoch(neededUntil, status)}: a challenge may ask for them until then`,
        `take them back before ${formatEpoch(backBy, status)}, or they and their deals are terminated`,
      ].join('\n')
    },
  })
}

async function recover(which: readonly number[], options: OwnerOptions, context: CommandContext): Promise<void> {
  const [operator, { formatAmount }, { formatEpoch }, print] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/amounts.ts'),
    import('../../print/times.ts'),
    printers(),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { status, ...asked } = await print.interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, provider, status } = opened
    await requireRunning(options, opened)
    const plan = await operator.planReturn({ chain, provider: provider.id, home: homeOf(options), signal }, which)
    const planned = { provider: provider.id, ...plan, status, config: null, requested: null }
    if (dryRun) return planned
    const what = `ask ${countOf(which.length)} back`
    await print.confirmSpending(context, { what, price: plan.price }, { yes, maxPrice, json, signal })
    const config = await keepOut(options, opened, (before) => before.filter((number) => !which.includes(number)))
    const of = plan.partitions.map(({ partition }) => partition)
    const requested = await whenSo(
      of,
      async (partition) => await isAskedBack(chain, provider.id, partition, which, signal),
      signal,
    )
    return { ...planned, config, requested }
  })
  print.printResult(context, asked, {
    json,
    text: ({ partitions, price, missedFee, soundBy, requested }) => {
      const sectors = partitions.flatMap((each) => each.sectors)
      const when = `proven and counted again by ${formatEpoch(soundBy, status)}; to miss that costs ${formatAmount(missedFee)}`
      if (requested === null) return `would ask ${countOf(sectors.length)} back, for ${formatAmount(price)}; ${when}`
      const late = partitions.filter(({ partition }) => !requested.includes(partition))
      return [
        `${countOf(sectors.length)} asked back; ${when}`,
        ...(late.length === 0
          ? []
          : [
              `not yet: ${late.flatMap((each) => each.sectors).join(', ')}; the provider goes on with it by itself, its log says why it waits`,
            ]),
      ].join('\n')
    },
  })
}

async function printers() {
  const [{ interruptible }, { confirmSpending }, { printResult }, { formatTable }] = await Promise.all([
    import('../../interruptible.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
  ])
  return { interruptible, confirmSpending, printResult, formatTable }
}

/** That provider, in this home. @throws PROVIDER_NOT_RUNNING */
async function requireRunning(options: OwnerOptions, { provider }: Operator): Promise<void> {
  const { askProvider, getStatus, ProviderNotRunningError } = await import('@granary/provider/operator')
  const path = join(homeOf(options), 'provider', 'admin.json')
  if ((await askProvider(path, getStatus)).provider !== provider.id) throw new ProviderNotRunningError(path)
}

async function isRunning(options: OwnerOptions, opened: Operator): Promise<boolean> {
  try {
    await requireRunning(options, opened)
    return true
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'PROVIDER_NOT_RUNNING') return false
    throw error
  }
}

/** @returns the file that says so now; null: that provider has none here */
async function keepOut(
  options: OwnerOptions,
  { provider }: Operator,
  change: (before: readonly number[]) => number[],
): Promise<string | null> {
  const [{ readConfig }, { configuredOwner }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../provider-home.ts'),
  ])
  const home = homeOf(options)
  const file = join(home, 'provider', 'config.json')
  const owner = await configuredOwner(home)
  if (!existsSync(file) || (owner !== undefined && owner !== provider.owner)) return null
  const changes = async () => {
    const maintenance = change((await readConfig(file)).maintenance)
    return { maintenance: maintenance.length === 0 ? undefined : maintenance }
  }
  await changeRunning({ home, file, changes })
  return file
}

/** @returns those of which it is so, after a while at the latest */
async function whenSo(
  all: readonly number[],
  isSo: (one: number) => Promise<boolean>,
  signal: AbortSignal,
): Promise<number[]> {
  const done = new Set<number>()
  for (const endMs = performance.now() + DONE_WITHIN_MS; ; await sleep(LOOK_EVERY_MS, undefined, { signal })) {
    for (const one of all) if (!done.has(one) && (await isSo(one))) done.add(one)
    if (all.every((one) => done.has(one)) || performance.now() > endMs) return [...done]
  }
}

async function stateOf(chain: ChainClient, provider: number, number: number, signal: AbortSignal): Promise<string> {
  return (await chain.sector(provider, number, { signal })).state
}

async function isAskedBack(
  chain: ChainClient,
  provider: number,
  number: number,
  which: readonly number[],
  signal: AbortSignal,
): Promise<boolean> {
  const { recovery, recoveryRequestedAt } = await chain.partition(provider, number, { signal })
  if (recovery !== undefined || recoveryRequestedAt !== undefined) return true
  // It may be over by now.
  const states = await Promise.all(which.map((each) => stateOf(chain, provider, each, signal)))
  return states.every((state) => state !== 'faulty')
}

function countOf(count: number): string {
  return count === 1 ? 'a sector' : `${count} sectors`
}
