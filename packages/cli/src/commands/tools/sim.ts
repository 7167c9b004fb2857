/** granary tools sim: a whole market on the real state machine, and whether anybody gains by not keeping its word. */
import type { Comparison, Exit, LeavingReport, SimOptions, SimReport, SkippingReport } from '@granary/sim'
import type { Command } from 'commander'
import { EXIT } from '../../exit-code.ts'
import { moreHelp } from '../../more-help.ts'
import { type JsonOptions, wholeNumber, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

type SimCommandOptions = JsonOptions & SimOptions & { readonly skips?: boolean; readonly leaving?: boolean }

const PROVIDERS = 12
const PERIODS = 30
const GRN_DIGITS = 18
const SHOWN_DIGITS = 2

export function addSim(tools: Command, context: CommandContext): void {
  const command = tools
    .command('sim')
    .description('Simulate honest, lazy, greedy and self-dealing providers with the parameters of production.')
    .option('--providers <n>', 'with all strategies among them: 11 to 200', wholeNumber(0, 1_000_000), PROVIDERS)
    .option('--periods <n>', 'proving periods, which are days: 1 to 730', wholeNumber(0, 1_000_000), PERIODS)
    .option('--seed <n>', 'the same seed gives the same figures', wholeNumber(0, 2 ** 31 - 1), 1)
    .option(
      '--price-rise <percent>',
      'the market pays so much more after a third of the time: 0 to 1000',
      wholeNumber(0, 1_000_000),
      0,
    )
    .option('--skips', 'instead of a market: strategies that skip what is sampled, at every size of a partition')
    .option('--leaving', 'instead of a market: from which rise of the price on it pays to leave a long deal, and when')
  withJson(command)
    .addHelpText('after', moreHelp('The exit code is 1 too when a dishonest strategy earns more than the honest one.'))
    .action((options: SimCommandOptions) => sim(options, context))
}

async function sim(options: SimCommandOptions, context: CommandContext): Promise<void> {
  const [{ simulate, simulateLeaving, simulateSkipping }, { interruptible }, { printResult }, { formatTable }] =
    await Promise.all([
      import('@granary/sim'),
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/table.ts'),
    ])
  if (options.leaving === true) {
    const leaving = simulateLeaving()
    printResult(context, leaving, { json: options.json ?? false, text: (data) => leavingInWords(data, formatTable) })
    return
  }
  if (options.skips === true) {
    const skipping = simulateSkipping({ seed: options.seed ?? 1 })
    printResult(context, skipping, { json: options.json ?? false, text: (data) => skipsInWords(data, formatTable) })
    if (!skipping.allLose) context.setExitCode(EXIT.failed)
    return
  }
  const report = await interruptible((signal) =>
    simulate(options, {
      signal,
      onProgress: ({ period, periods }) => void context.stderr.write(`period ${period} of ${periods}\n`),
    }),
  )
  printResult(context, report, { json: options.json ?? false, text: (data) => inWords(data, formatTable) })
  if (report.beatsHonest) context.setExitCode(EXIT.failed)
}

type FormatTable = (head: readonly string[], rows: readonly (readonly string[])[]) => string

function skipsInWords({ periods, seed, diskTiBMonth, results }: SkippingReport, formatTable: FormatTable): string {
  const rows = results.map((each) => [
    each.situation,
    `${each.sectors}`,
    `${each.share * 100} % of ${each.lacks}`,
    grn(each.saved),
    grn(each.lost),
    `${Math.round(100 * each.skippedShare)} %`,
    `${Math.round(100 * each.missedShare)} %`,
    grn(each.breakEvenDiskTiBMonth),
    each.loses ? 'loses' : 'GAINS',
  ])
  const head = ['situation', 'sectors', 'lacks', 'saves', 'loses', 'skips', 'misses', 'pays above', '']
  const about = `${periods} periods, seed ${seed}. GRN a period; a disk costs ${grn(diskTiBMonth)} GRN a TiB and month.`
  return `${about}\n\n${formatTable(head, rows)}\n`
}

function leavingInWords({ sectors, results }: LeavingReport, formatTable: FormatTable): string {
  const at = ({ factor, day, way }: Exit): string =>
    `${factor.toFixed(SHOWN_DIGITS)} (day ${day}, ${way === 'terminates' ? 'ends' : 'fault'})`
  const rows = results.map(({ variant, standing, days, before, after, afterQuarter, afterHalf }) => [
    variant,
    standing,
    `${days}`,
    at(before),
    at(after),
    at(afterQuarter),
    at(afterHalf),
  ])
  const head = ['leaves', 'provider', 'days', 'without forfeit', 'with it', 'after a quarter', 'after half']
  const about = `A provider of ${sectors} sectors. The price, as a multiple of the old one, from which on leaving beats staying.`
  return `${about}\n\n${formatTable(head, rows)}\n`
}

function inWords(report: SimReport, formatTable: FormatTable): string {
  const { providers, periods, seed, blocks, blockTimeMs, profile, diskSectors, costs, comparisons } = report
  const differences = new Map(comparisons.map((each) => [each.strategy, each]))
  const strategies = report.strategies.map(({ name, group, flows, openSpans, costs: real, profit, ...rest }) => {
    const compared = differences.get(name)
    return [
      name,
      group,
      grn(flows.capacityReward + flows.serviceReward),
      grn(flows.dealIncome - flows.dealPayments - flows.networkFees + openSpans),
      grn(flows.messageFees),
      grn(flows.penalties + flows.collateralBurnt),
      grn(flows.compensationPaid),
      grn(rest.collateralLocked),
      grn(Object.values(real).reduce((total, amount) => total + amount, 0n)),
      grn(profit),
      grn(rest.profitPerTiBPeriod),
      compared === undefined ? '' : verdict(compared),
    ]
  })
  const groups = report.groups.map(({ name, participants, flows, minted, burnt, gain }) => [
    name,
    `${participants}`,
    grn(minted),
    grn(flows.dealIncome),
    grn(flows.dealPayments),
    grn(flows.compensationReceived),
    grn(flows.compensationPaid),
    grn(burnt),
    grn(gain),
  ])
  return [
    `${providers} providers of ${diskSectors} sectors of ${profile}, ${periods} periods, seed ${seed}: ${blocks} blocks of ${blockTimeMs / 1_000} s`,
    `a TiB of disk costs ${grn(costs.diskTiBMonth)} GRN a month; a GiB ${grn(costs.sealingGiB)} to seal, ${grn(costs.recoveryGiB)} to recover`,
    '',
    formatTable(
      [
        'GRN',
        'group',
        'minted',
        'deals',
        'fees',
        'penalties',
        'compensation',
        'locked',
        'costs',
        'profit',
        'a TiB·period',
        'less honest',
      ],
      strategies,
    ),
    '',
    formatTable(['GRN', '', 'minted', 'received', 'paid', 'compensated', 'compensation', 'burnt', 'gain'], groups),
    '',
    report.beatsHonest
      ? 'A dishonest strategy earns more than the honest one.'
      : 'No dishonest strategy earns more than the honest one.',
  ].join('\n')
}

/** With two decimals, rounded down. */
function verdict({ hadNoOccasion, beatsHonest, difference }: Comparison): string {
  if (hadNoOccasion) return 'no occasion'
  return beatsHonest ? 'BEATS HONEST' : grn(difference)
}

function grn(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(GRN_DIGITS + 1, '0')
  const fraction = digits.slice(-GRN_DIGITS).slice(0, SHOWN_DIGITS)
  return `${amount < 0n ? '−' : ''}${digits.slice(0, -GRN_DIGITS)}.${fraction}`
}
