/** What is said of a deal that runs longer, or would. */
import type { ExtensionPlan } from '@granary/client'
import { formatAmount } from '../../print/amounts.ts'
import { type ChainTime, formatDuration, formatEpoch } from '../../print/times.ts'

export interface Extension extends ExtensionPlan {
  readonly providerCollateral?: bigint
  readonly resumed: boolean
  readonly sent: { readonly height: number } | null
}

export function extensionText(extension: Extension, time: ChainTime): string {
  const { deal, epochs, until, price, fee, providerCollateral, resumed, sent } = extension
  const more = formatDuration(epochs * time.blockTimeMs)
  const end = formatEpoch(until, time)
  const own =
    providerCollateral === undefined ? '' : `; its provider adds ${formatAmount(providerCollateral)} of collateral`
  if (sent === null)
    return `deal ${deal} would run ${more} longer, until ${end}\nprice ${formatAmount(price)}, paid as it is proven, and a fee of at most ${formatAmount(fee)}${own}`
  if (resumed)
    return `an earlier run had paid for more time of deal ${deal}, in block ${sent.height}: it ends ${end}; nothing more was sent`
  return `deal ${deal} runs ${more} longer, until ${end}\nlocked ${formatAmount(price)}, for a fee of ${formatAmount(fee)}, in block ${sent.height}${own}`
}
