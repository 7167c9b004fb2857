/** granary provider proving status | check | faults | history, and to take sectors out and back: whether the next proof will be made, and why not. */
import type { CheckedSector, FaultySector, PartitionProving, ProvingSources } from '@granary/provider/operator'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { homeOf } from '../../options.ts'
import { type ChainTime, formatDuration, momentOf } from '../../print/times.ts'
import type { CommandContext } from '../../program-context.ts'
import { addMaintenance } from './maintenance.ts'
import { type OperatorOptions, openOperator, withOperator } from './open-operator.ts'
import { sectorNumbers } from './sector-numbers.ts'

export function addProving(provider: Command, context: CommandContext): void {
  const proving = provider.command('proving').description('Whether the next proof will be made, and why not.')
  withOperator(proving.command('status'))
    .description('Show each partition: its last proof, its last rehearsal, and what that took of the time there is.')
    .addHelpText('after', exitCodesHelp)
    .action((options: OperatorOptions) => status(options, context))
  withOperator(proving.command('check'))
    .description('Prove sectors on challenges that are made up, beside the provider or without it.')
    .argument('[number...]', 'of the sectors (default: all)', sectorNumbers)
    .addHelpText('after', exitCodesHelp)
    .action((which: number[] | undefined, options: OperatorOptions) => check(which ?? [], options, context))
  withOperator(proving.command('faults'))
    .description('List the sectors that are faulty by the chain, or do not prove here.')
    .addHelpText('after', exitCodesHelp)
    .action((options: OperatorOptions) => faults(options, context))
  withOperator(proving.command('history'))
    .description('List the answers to challenges: when each was in a block, and what its proof took.')
    .addHelpText('after', exitCodesHelp)
    .action((options: OperatorOptions) => history(options, context))
  addMaintenance(proving, context)
}

async function status(options: OperatorOptions, context: CommandContext): Promise<void> {
  const { provingStatus } = await import('@granary/provider/operator')
  await print(options, context, {
    read: provingStatus,
    head: ['partition', 'sectors', 'sound', 'proven', 'due by', 'rehearsed', 'took', 'of its window'],
    row: ({ number, sectors, sound, lastProven, challenge, lastCheck, windowShare }: PartitionProving, time) => [
      `${number}`,
      `${sectors}`,
      `${sound}`,
      lastProven === null ? 'never' : momentOf(lastProven, time),
      challenge === undefined ? '' : momentOf(challenge.deadline, time),
      lastCheck === null ? 'never' : `${formatDuration(Date.now() - lastCheck.atMs)} ago`,
      lastCheck === null || lastCheck.failed.length > 0
        ? `failed: ${lastCheck?.failed.join(', ') ?? ''}`
        : `${lastCheck.tookMs} ms`,
      windowShare === null ? '' : `${(100 * windowShare).toFixed(1)} %`,
    ],
    none: 'no sectors are proven yet',
  })
}

async function check(which: readonly number[], options: OperatorOptions, context: CommandContext): Promise<void> {
  const { checkSectors } = await import('@granary/provider/operator')
  await print(options, context, {
    read: (sources) => Array.fromAsync(checkSectors(sources, which)),
    head: ['sector', 'partition', 'read whole', 'proves'],
    row: ({ sector, partition, reason, readAtMs }: CheckedSector) => [
      `${sector}`,
      `${partition}`,
      readAtMs === null ? 'not yet' : `${formatDuration(Date.now() - readAtMs)} ago`,
      reason === null ? 'yes' : `no: ${reason}`,
    ],
    none: 'no such sectors are proven',
  })
}

async function faults(options: OperatorOptions, context: CommandContext): Promise<void> {
  const { provingFaults } = await import('@granary/provider/operator')
  await print(options, context, {
    read: provingFaults,
    head: ['sector', 'partition', 'by the chain', 'here'],
    row: ({ sector, partition, faulty, reason, isMaintained }: FaultySector) => [
      `${sector}`,
      `${partition}`,
      faulty ? 'faulty' : 'sound',
      reason ?? (isMaintained ? 'taken out by its owner' : 'nothing is known to be wrong'),
    ],
    none: 'no sector is faulty, and none is known to be damaged',
  })
}

async function history(options: OperatorOptions, context: CommandContext): Promise<void> {
  const { provingHistory } = await import('@granary/provider/operator')
  type Answer = ReturnType<typeof provingHistory>[number]
  await print(options, context, {
    read: async (sources) => provingHistory(sources),
    head: ['partition', 'challenged', 'answered', 'of its window', 'proof took', 'not proven'],
    row: ({ partition, challengeEpoch, deadline, epoch, proveMs, skipped }: Answer, time) => [
      `${partition}`,
      momentOf(challengeEpoch, time),
      momentOf(epoch, time),
      `${lasting(epoch - challengeEpoch, time)} of ${lasting(deadline - challengeEpoch, time)}`,
      `${proveMs} ms`,
      skipped.join(', '),
    ],
    none: 'the provider has written no answers down here',
  })
}

function lasting(epochs: number, { blockTimeMs }: ChainTime): string {
  return formatDuration(epochs * blockTimeMs)
}

interface Listing<Item> {
  readonly read: (sources: ProvingSources) => Promise<readonly Item[]>
  readonly head: readonly string[]
  readonly row: (item: Item, time: ChainTime) => readonly string[]
  readonly none: string
}

async function print<Item>(
  options: OperatorOptions,
  context: CommandContext,
  { read, head, row, none }: Listing<Item>,
): Promise<void> {
  const [{ interruptible }, { printResult }, { formatTable }] = await Promise.all([
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/table.ts'),
  ])
  const { found, status: time } = await interruptible(async (signal) => {
    const { chain, provider, status } = await openOperator(options, signal)
    return { found: await read({ chain, provider: provider.id, home: homeOf(options), signal }), status }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: (items, columns) =>
      items.length === 0
        ? none
        : formatTable(
            head,
            items.map((item) => row(item, time)),
            { columns },
          ),
  })
}
