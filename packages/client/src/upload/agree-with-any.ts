/** Asks the next provider when one refuses: another may have the room, the collateral or the answer that this one lacks. */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { CallOptions } from '../call-options.ts'
import { NoProviderError } from '../providers/choose-provider.ts'
import { type Agreed, type AgreeInput, agree } from './agree.ts'

/** Errors that are not the provider's doing, or would be the same with every other one. */
const NOT_THE_PROVIDERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHAIN_ANSWER_INVALID',
  'CHAIN_BEHIND',
  'CHAIN_FOREIGN',
  'CHAIN_UNREACHABLE',
  'CLIENT_FUNDS_INSUFFICIENT',
  'INSUFFICIENT_FUNDS',
  'NO_PROVIDER',
  'PRICE_CHANGED',
])

/** @throws what `agree` throws; when only one provider could be asked, its refusal */
export async function agreeWithAny(input: AgreeInput, options: CallOptions): Promise<Agreed> {
  const refusals = new Map<number, string>()
  let last: GranaryError | undefined
  for (;;) {
    let asked: number | undefined
    try {
      const report: AgreeInput['report'] = (progress) => {
        if (progress.type === 'provider:chosen') asked = progress.provider
        // Each refusal is told once, not again at every choice that follows.
        if (progress.type !== 'provider:refused' || !refusals.has(progress.provider)) input.report(progress)
      }
      return await agree({ ...input, report, refusedBy: refusals }, options)
    } catch (error) {
      if (last && refusals.size === 1 && error instanceof NoProviderError) throw last
      const isRefusal = GranaryError.is(error) && !NOT_THE_PROVIDERS.has(error.code)
      if (!isRefusal || asked === undefined || input.providerNamed) throw error
      last = error
      refusals.set(asked, error.message)
      input.report({ type: 'provider:refused', provider: asked, name: '', reason: 'REFUSED', message: error.message })
    }
  }
}
