/** What is said of a deal that runs longer, or would. */
import type { Extended, ExtensionPlan } from '@granary/client'
import { formatAmount } from '../../print/amounts.ts'
import { type ChainTime, formatDuration, formatEpoch } from '../../print/times.ts'

/** What was planned: by a renewal with what its provider adds. */
export type Planned = ExtensionPlan & { readonly providerCollateral?: bigint }

interface Sent {
  readonly id: string
  readonly height: number
}

/** Of an earlier run's message its plan is not known any more. */
export type Extension =
  | (Planned & { readonly resumed: false; readonly sent: Sent | null })
  | {
      readonly deal: number
      readonly until: number
      readonly untilMs: number
      readonly fee: bigint
      readonly resumed: true
      readonly sent: Sent
    }

/** @param plan undefined when it was not asked for: an earlier run had paid */
export function extensionOf(deal: number, plan: Planned | undefined, { tx, endsAt, endsAtMs }: Extended): Extension {
  const sent = { id: tx.id, height: tx.height }
  const facts = { until: endsAt, untilMs: endsAtMs, fee: BigInt(tx.fee), sent }
  return plan === undefined ? { deal, ...facts, resumed: true } : { ...plan, ...facts, resumed: false }
}

export function extensionText(extension: Extension, time: ChainTime): string {
  const { deal, until, fee, sent } = extension
  const end = formatEpoch(until, time)
  if (extension.resumed)
    return `an earlier run had paid for more time of deal ${deal}, in block ${extension.sent.height}: it ends ${end}; nothing more was sent`
  const { epochsMs, price, providerCollateral } = extension
  const more = formatDuration(epochsMs)
  const own =
    providerCollateral === undefined ? '' : `; its provider adds ${formatAmount(providerCollateral)} of collateral`
  if (sent === null)
    return `deal ${deal} would run ${more} longer, until ${end}\nprice ${formatAmount(price)}, paid as it is proven, and a fee of at most ${formatAmount(fee)}${own}`
  return `deal ${deal} runs ${more} longer, until ${end}\nlocked ${formatAmount(price)}, for a fee of ${formatAmount(fee)}, in block ${sent.height}${own}`
}
