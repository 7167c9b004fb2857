/** Until when a deal is to run: a date, or so much longer than its present end. */
import type { ExtendWish } from '@granary/client'
import { type Command, Option } from 'commander'
import { dateUtc, durationMs } from '../../options.ts'
import { UsageError } from '../../usage-error.ts'

export interface NewEndOptions {
  readonly until?: Date
  readonly for?: number
}

export function withNewEnd(command: Command): Command {
  return command
    .addOption(new Option('--until <date>', 'when it is to end, such as 2027-01-31, in UTC').argParser(dateUtc))
    .addOption(
      new Option('--for <time>', 'how much longer than until its present end it is to run, such as 30d')
        .argParser(durationMs)
        .conflicts('until'),
    )
}

/** @throws UsageError */
export function newEndOf({ until, for: moreMs }: NewEndOptions, deal: number): ExtendWish {
  if (until !== undefined) return { deal, until }
  if (moreMs === undefined) throw new UsageError('it is not said until when', 'say --until DATE or --for TIME')
  return { deal, for: { ms: moreMs } }
}
