/** Durations and dates of callers as the chain counts them. */
import { GranaryError } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import { type ChainTime, epochsIn } from '@granary/protocol/epochs'
import type { Epoch } from '@granary/protocol/messages'
import type { Duration } from './duration.ts'

/** TIME_INVALID: of a caller that has made a date or a duration of something else, such as a number of epochs. */
function timeInvalid(name: string, wanted: string): GranaryError {
  return new GranaryError({
    code: 'TIME_INVALID',
    message: `${name} is no ${wanted}`,
    hint: 'say `days(180)`, or a Date',
  })
}

/** One at least. @throws GranaryError TIME_INVALID */
export function epochsOf(duration: Duration, name: string, status: Pick<ChainStatus, 'blockTimeMs'>): number {
  // Not everybody who calls has types.
  const ms = duration?.ms
  if (!(ms > 0 && ms < Number.POSITIVE_INFINITY)) throw timeInvalid(name, 'duration')
  return epochsIn(ms, status)
}

/** The first epoch that is not before the date, as far as it can be told now. @throws GranaryError TIME_INVALID */
export function epochAt(date: Date, name: string, time: ChainTime): Epoch {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) throw timeInvalid(name, 'date')
  return time.height + epochsIn(date.getTime() - time.timeMs, time)
}
