/** granary provider money: what it has, what is locked and why, what it earned, and how long it pays for proofs. */
import type { Money } from '@granary/provider/operator'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import type { Fact } from '../../print/facts.ts'
import type { CommandContext } from '../../program-context.ts'
import { type OperatorOptions, openOperator, withOperator } from './open-operator.ts'

export function addMoney(provider: Command, context: CommandContext): void {
  withOperator(provider.command('money'))
    .description('Show what the provider has, what is locked and why, what it earned, and how long it pays for proofs.')
    .addHelpText('after', exitCodesHelp)
    .action((options: OperatorOptions) => money(options, context))
}

async function money(options: OperatorOptions, context: CommandContext): Promise<void> {
  const [{ readMoney }, { interruptible }, { printResult }, { formatFacts }, { formatAmount }, times] =
    await Promise.all([
      import('@granary/provider/operator'),
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/facts.ts'),
      import('../../print/amounts.ts'),
      import('../../print/times.ts'),
    ])
  const { money: found, status } = await interruptible(async (signal) => {
    const { chain, provider, status } = await openOperator(options, signal)
    return { money: await readMoney(chain, provider.id, { signal }), status }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: (data) =>
      formatFacts(
        factsOf(data, {
          grn: formatAmount,
          time: times.formatDuration,
          date: (epoch) => times.formatEpoch(epoch, status),
        }),
      ),
  })
}

interface Words {
  readonly grn: (amount: bigint) => string
  readonly time: (ms: number) => string
  readonly date: (epoch: number) => string
}

function factsOf(
  { collateral, lockedFor, vesting, earned, fees, ...money }: Money,
  words: Words,
): Record<string, Fact> {
  const { grn, time, date } = words
  const { runwayMs, perPeriod } = fees
  return {
    provider: `${money.provider}, of ${money.owner}`,
    balance: `${grn(money.balance)}: pays all fees`,
    runway:
      runwayMs === null
        ? 'nothing to prove, so no fees by themselves'
        : `${time(runwayMs)} of proofs, at ${grn(perPeriod)} a proving period`,
    free: `${grn(collateral.free)} of collateral, for new deals and sectors or to withdraw`,
    locked: [
      `${grn(collateral.locked)}, of it`,
      `${grn(lockedFor.deals)} for deals`,
      `${grn(lockedFor.endedDeals)} for deals that have ended and are not settled`,
      `${grn(lockedFor.pledges)} pledged for sectors`,
      `${grn(lockedFor.deposits)} for sectors that are not proven yet, and for partitions`,
    ],
    ...(collateral.debt === 0n ? {} : { debt: `${grn(collateral.debt)}: taken from whatever becomes free` }),
    vesting: vesting.end === null ? 'nothing' : `${grn(vesting.locked)}, all of it free ${date(vesting.end)}`,
    earned: [
      `${grn(earned.paid)} paid out by deals`,
      `${grn(earned.unsettled)} proven and not settled yet`,
      `${grn(earned.pending)} of capacity, credited with the next proof`,
    ],
  }
}
