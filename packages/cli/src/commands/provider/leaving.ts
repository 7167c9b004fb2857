/** granary provider drain | exit: to stop taking deals, and to leave well. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EndingCosts, ExitPlan, ExitProgress } from '@granary/provider/operator'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { moreHelp } from '../../more-help.ts'
import { homeOf } from '../../options.ts'
import { plural } from '../../print/quantities.ts'
import type { CommandContext } from '../../program-context.ts'
import { changeRunning } from './change-running.ts'
import { lowerCollateral } from './lower-collateral.ts'
import { type OwnerOptions, openOperator, openOwner, withOwner } from './open-operator.ts'
import { tellRunning } from './tell-running.ts'

interface DrainOptions extends OwnerOptions {
  readonly undo?: true
}

export function addLeaving(provider: Command, context: CommandContext): void {
  withOwner(provider.command('drain'))
    .description(
      'Take no new deals: acceptDeals is false from here on, and the ask ends. What runs is kept and proven.',
    )
    .option('--undo', 'take deals again')
    .addHelpText('after', exitCodesHelp)
    .action((options: DrainOptions) => drain(options, context))
  withOwner(provider.command('exit'))
    .description(
      'Leave well: drain, wait for what runs, settle it, end sectors without deals, withdraw. Interrupted, it goes on when it is given again.',
    )
    .addHelpText('after', moreHelp('The provider has to keep running meanwhile: what is not proven costs collateral.'))
    .action((options: OwnerOptions) => exit(options, context))
}

async function drain(options: DrainOptions, context: CommandContext): Promise<void> {
  const [{ endAsk }, { interruptible }, { printResult }] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, undo = false } = options
  const drained = await interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const provider = opened.provider.id
    if (dryRun) return { provider, config: null, askEnded: false, undo }
    const config = await takeDeals(options, undo)
    if (undo) return { provider, config, askEnded: false, undo }
    const signer = await openOwner(options, opened)
    return { provider, config, askEnded: await endAsk({ chain: opened.chain, signer, provider, signal }), undo }
  })
  printResult(context, drained, {
    json,
    text: ({ provider, config, askEnded, undo }) => {
      if (dryRun) return `would ${undo ? 'let' : 'no more let'} provider ${provider} take deals`
      const file =
        config === null
          ? "this home has no config.json: see that the provider's own says the same of acceptDeals"
          : `${config} says so`
      if (undo) return `provider ${provider} takes deals again: ${file}`
      return `provider ${provider} takes no new deals: ${askEnded ? 'its ask ends within a minute' : 'its ask has ended'}; ${file}`
    },
  })
}

/** @returns the file that says so now; null: there is none here */
async function takeDeals(options: OwnerOptions, accept: boolean): Promise<string | null> {
  const file = join(homeOf(options), 'provider', 'config.json')
  if (!existsSync(file)) return null
  await changeRunning({ home: homeOf(options), file, changes: { acceptDeals: accept ? undefined : false } })
  return file
}

async function exit(options: OwnerOptions, context: CommandContext): Promise<void> {
  const [
    operator,
    { formatAmount },
    { formatEpoch, momentOf },
    { fit },
    { columnsOf },
    { interruptible },
    { confirmSpending },
    { printResult },
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('../../print/amounts.ts'),
    import('../../print/times.ts'),
    import('../../print/columns.ts'),
    import('../../print/columns-of.ts'),
    import('../../interruptible.ts'),
    import('../../print/confirm-spending.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { status, ...left } = await interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, status } = opened
    const provider = opened.provider.id
    if (dryRun) {
      const plan = operator.planExit(await operator.readExit({ chain, provider, signal }))
      const costs = await operator.endingCosts(chain, provider, plan.terminate, { signal })
      return { provider, plan, status, price: priceOf(costs), left: null }
    }
    const signer = await openOwner(options, opened)
    const owner = { chain, signer, provider, signal }
    await takeDeals(options, false)
    await operator.endAsk(owner)
    let spent = 0n
    const confirm = async (costs: readonly EndingCosts[]): Promise<void> => {
      const what = `end sectors ${costs.map(({ sector }) => sector).join(', ')}, which hold no deals any more`
      const rest = maxPrice === undefined ? undefined : maxPrice - spent
      await confirmSpending(context, { what, price: priceOf(costs) }, { yes, maxPrice: rest, json, signal })
      spent += priceOf(costs)
    }
    const columns = columnsOf(context.stderr, context.env)
    const onProgress = teller(
      (epoch) => momentOf(epoch, status),
      (line) => context.stderr.write(`${fit(line, columns)}\n`),
    )
    const left = await operator.leave(owner, { confirm, onProgress })
    await lowerCollateral(homeOf(options), opened.provider, 0n)
    await tellRunning(homeOf(options))
    return { provider, plan: null, status, price: spent, left }
  })
  printResult(context, left, {
    json,
    text: ({ provider, plan, price, left }) => {
      const when = (epoch: number) => formatEpoch(epoch, status)
      if (plan !== null) {
        const withdrawn = plan.withdraw === undefined ? '' : `; ${formatAmount(plan.withdraw)} would be withdrawn`
        return `${waitingText(plan, when)}; ending sectors now would cost at most ${formatAmount(price)}${withdrawn}`
      }
      const rest =
        left === null || left.vesting === 0n
          ? ''
          : `; ${formatAmount(left.vesting)} still vest until ${when(left.vestingEnd ?? 0)}: give the command again then`
      return `provider ${provider} has left: ${formatAmount(left?.withdrawn ?? 0n)} withdrawn${rest}; it may be stopped`
    },
  })
}

function priceOf(costs: readonly EndingCosts[]): bigint {
  return costs.reduce((sum, { fee, forfeit, collateral }) => sum + fee + forfeit + collateral, 0n)
}

/** A line for each thing that is done, and for what is waited for when that is something else than before. */
function teller(when: When, say: (line: string) => void): (progress: ExitProgress) => void {
  let before = ''
  return (progress) => {
    if (progress.type === 'settled') return say(`settled: ${plural(progress.deals.length, 'deal')}`)
    if (progress.type === 'terminated') return say(`ended: sectors ${progress.sectors.join(', ')}`)
    const text = waitingText(progress.plan, when)
    if (text !== before) say(`${when(progress.height)}: ${text}`)
    before = text
  }
}

type When = (epoch: number) => string

function waitingText(plan: ExitPlan, when: When): string {
  const { running, settle, undecided, terminate, ending, withdraw } = plan
  const last = Math.max(0, ...running.map(({ until }) => until))
  const ends = Math.max(0, ...ending.map(({ until }) => until))
  const parts = [
    ...(running.length === 0 ? [] : [`${plural(running.length, 'deal')} to keep, the last until ${when(last)}`]),
    ...(settle.length === 0 ? [] : [`${plural(settle.length, 'deal')} to settle`]),
    ...(undecided.length === 0
      ? []
      : [`${plural(undecided.length, 'deal')} to be decided by the next proof or a mended sector`]),
    ...(terminate.length === 0 ? [] : [`${plural(terminate.length, 'sector')} to end: ${terminate.join(', ')}`]),
    ...(ending.length === 0 ? [] : [`${plural(ending.length, 'sector')} to end by itself, by ${when(ends)}`]),
  ]
  if (parts.length > 0) return parts.join('; ')
  return withdraw === undefined ? 'the chain has to let go of the rest of the collateral' : 'nothing runs any more'
}
