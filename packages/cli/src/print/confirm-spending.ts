/**
 * Nothing is spent unasked: on a terminal the price is shown and asked about, elsewhere `--yes` or `--max-price` has to say
 * beforehand that it may be spent. The question goes to standard error, since standard output has the result alone.
 */
import { GranaryError } from '@granary/base'
import { formatGrn } from '@granary/protocol/grn'
import type { ProgramContext } from '../program-context.ts'
import { formatAmount } from './amounts.ts'
import { ask, isYes, somebodyWatches } from './ask.ts'
import { fit } from './columns.ts'
import { columnsOf } from './columns-of.ts'
import { printable } from './printable.ts'

export interface Spending {
  /** `store report.pdf for 180 d`, `send 5 GRN to 0x…`: comes after "to". */
  readonly what: string
  /** All of it, fees as well, in attoGRN. */
  readonly price: bigint
  /** What else there is to know before a yes: a price that is allowed is none. */
  readonly warning?: string | undefined
}

export interface SpendingOptions {
  readonly yes?: boolean | undefined
  /** attoGRN */
  readonly maxPrice?: bigint | undefined
  readonly json?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export class PriceAboveMaxError extends GranaryError {
  constructor({ what, price }: Spending, maxPrice: bigint) {
    super({
      code: 'PRICE_ABOVE_MAX',
      message: `to ${what} costs ${formatGrn(price)}, and --max-price allows ${formatGrn(maxPrice)}`,
      hint: 'allow more with --max-price, or ask for less',
      details: { price: `${price}`, maxPrice: `${maxPrice}` },
    })
  }
}

export class SpendingUnconfirmedError extends GranaryError {
  constructor({ what, price, warning }: Spending) {
    super({
      code: 'SPENDING_UNCONFIRMED',
      message: `to ${what} costs ${formatGrn(price)}, and there is nobody to ask${warning === undefined ? '' : `: ${warning}`}`,
      hint:
        warning === undefined
          ? 'say how much it may cost with --max-price GRN, or that any price will do with --yes'
          : 'if that is meant, say so with --yes',
      details: { price: `${price}` },
    })
  }
}

export class SpendingDeclinedError extends GranaryError {
  constructor({ what }: Spending) {
    super({ code: 'SPENDING_DECLINED', message: `to ${what} was declined`, hint: 'nothing was spent' })
  }
}

/** @throws PriceAboveMaxError, SpendingUnconfirmedError, SpendingDeclinedError, an abort error */
export async function confirmSpending(
  context: Pick<ProgramContext, 'stdin' | 'stderr' | 'env'>,
  spending: Spending,
  { yes = false, maxPrice, json = false, signal }: SpendingOptions,
): Promise<void> {
  if (maxPrice !== undefined && spending.price > maxPrice) throw new PriceAboveMaxError(spending, maxPrice)
  const { price, what, warning } = spending
  if (yes || (maxPrice !== undefined && warning === undefined)) return
  if (json || !somebodyWatches(context)) throw new SpendingUnconfirmedError(spending)
  const words = `${warning === undefined ? '' : `${warning}.\n`}Spend ${formatAmount(price)} to ${printable(what)}? [y/N]`
  const question = `${fit(words, columnsOf(context.stderr, context.env) - 1)} `
  if (!isYes(await ask(context, question, { signal }))) throw new SpendingDeclinedError(spending)
}
