/** When a login is refused because two clocks differ, the chain's time says which of them is wrong. */

import { GranaryError } from '@granary/base'
import type { CallOptions } from '../call-options.ts'
import type { Ports } from '../ports.ts'

export class ClockWrongError extends GranaryError {
  constructor(whose: 'this machine' | 'the provider', offByS: number, provider: number, cause: unknown) {
    const by = `${Math.abs(offByS)} s ${offByS > 0 ? 'ahead' : 'behind'}`
    super({
      code: 'CLOCK_WRONG',
      message: `the clock of ${whose} is ${by} of the chain's: provider ${provider} takes no login from another time`,
      hint:
        whose === 'this machine'
          ? 'set the clock of this machine, then run the same command again'
          : 'name another provider with --provider, or tell the operator of this one',
      details: { whose, offByS, provider },
      cause,
    })
  }
}

/** @returns the error; in place of CLOCKS_APART a ClockWrongError that says whose clock it is */
export async function explainClocks(
  error: unknown,
  { chain, clock, provider }: Pick<Ports, 'chain' | 'clock'> & { readonly provider: number },
  options: CallOptions,
): Promise<unknown> {
  if (!GranaryError.is(error) || error.code !== 'CLOCKS_APART') return error
  const providerNowS = Number(error.details?.providerNow)
  if (!Number.isFinite(providerNowS)) return error
  const chainNowS = (await chain.status(options)).timeMs / 1000
  const own = Math.round(clock.nowMs() / 1000 - chainNowS)
  const other = Math.round(providerNowS - chainNowS)
  return Math.abs(own) > Math.abs(other)
    ? new ClockWrongError('this machine', own, provider, error)
    : new ClockWrongError('the provider', other, provider, error)
}
