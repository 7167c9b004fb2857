/** granary provider ask | ask set: what it asks of clients, on the chain and in the configuration. */
import type { AskView } from '@granary/protocol/client'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import {
  durationMs,
  grn,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  wholeNumber,
  withHome,
  withJson,
} from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { type OperatorOptions, openOperator, withOperator } from './open-operator.ts'
import { printChanged } from './print-changed.ts'

interface SetOptions extends HomeOptions, JsonOptions {
  readonly price?: bigint
  readonly sizeMin?: number
  readonly sizeMax?: number
  readonly timeMin?: number
  readonly timeMax?: number
  readonly valid?: number
}

const bytes = wholeNumber(0, 2 ** 48)

export function addAsk(provider: Command, context: CommandContext): void {
  const ask = provider.command('ask').description('What it asks of clients.')
  withOperator(ask.command('show', { isDefault: true }))
    .description('Show the ask that stands on the chain.')
    .addHelpText('after', exitCodesHelp)
    .action((options: OperatorOptions) => show(options, context))
  withJson(withHome(ask.command('set')))
    .description('Change the ask in config.json; a running provider takes it at once.')
    .addOption(new Option('--price <GRN>', 'of a GiB of piece an epoch').argParser(grn))
    .addOption(new Option('--size-min <bytes>', 'smallest piece, padded').argParser(bytes))
    .addOption(new Option('--size-max <bytes>', 'largest piece, padded').argParser(bytes))
    .addOption(new Option('--time-min <time>', 'shortest deal, such as 30d').argParser(durationMs))
    .addOption(new Option('--time-max <time>', 'longest deal, such as 365d').argParser(durationMs))
    .addOption(new Option('--valid <time>', 'for how long the ask holds; it renews itself').argParser(durationMs))
    .addHelpText('after', exitCodesHelp)
    .action((options: SetOptions) => set(options, context))
}

async function show(options: OperatorOptions, context: CommandContext): Promise<void> {
  const [{ interruptible }, { printResult }, { formatFacts }, { formatAmount }, { formatBytes }, times] =
    await Promise.all([
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/facts.ts'),
      import('../../print/amounts.ts'),
      import('../../print/quantities.ts'),
      import('../../print/times.ts'),
    ])
  const { provider, status } = await interruptible((signal) => openOperator(options, signal))
  const facts = (ask: AskView) => ({
    price: `${formatAmount(ask.pricePerGiBEpoch)} for a GiB an epoch`,
    pieces: `${formatBytes(ask.pieceSizeMin)} to ${formatBytes(ask.pieceSizeMax)}, padded`,
    deals: `${times.formatEpochs(ask.durationMin, status)} to ${times.formatEpochs(ask.durationMax, status)}`,
    collateral: `at most ${ask.collateralShareMaxBps / 100} % of the price`,
    sectors: ask.profiles.join(', '),
    holds: `until ${times.formatEpoch(ask.validUntil, status)}`,
  })
  printResult(
    context,
    { provider: provider.id, ask: provider.ask },
    {
      json: options.json ?? false,
      text: ({ ask }) => (ask === null ? `provider ${provider.id} has no ask` : formatFacts(facts(ask))),
    },
  )
}

async function set(options: SetOptions, context: CommandContext): Promise<void> {
  const { price, sizeMin, sizeMax, timeMin, timeMax, valid, json = false } = options
  const given = {
    'ask.pricePerGiBEpoch': price === undefined ? undefined : String(price),
    'ask.pieceSizeMin': sizeMin,
    'ask.pieceSizeMax': sizeMax,
    'ask.durationMinMs': timeMin,
    'ask.durationMaxMs': timeMax,
    'ask.validMs': valid,
  }
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  if (Object.keys(changes).length === 0)
    throw new UsageError('nothing is to be changed', 'see `granary provider ask set --help`')
  await printChanged(context, { home: homeOf(options), changes, json })
}
