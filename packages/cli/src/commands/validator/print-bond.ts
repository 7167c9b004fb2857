/** What has become of a bond. */
import { formatAmount } from '../../print/amounts.ts'
import { printResult } from '../../print/result.ts'
import type { CommandContext } from '../../program-context.ts'
import type { Sent } from './send.ts'

interface Bond extends Sent {
  readonly validator: string
  readonly amount: bigint
}

export function printBond(
  context: CommandContext,
  bond: Bond,
  { json = false }: { readonly json?: boolean },
  what: 'bonded' | 'unbonding',
): void {
  const { validator, amount, fee } = bond
  const of = what === 'bonded' ? `${formatAmount(amount)} for ${validator}` : `${formatAmount(amount)} of ${validator}`
  printResult(context, bond, {
    json,
    actions: [{ cmd: `granary chain validator status --validator ${validator}`, why: 'shows how it stands' }],
    text: ({ sent }) => {
      if (sent === null)
        return `would ${what === 'bonded' ? 'bond' : 'unbond'} ${of}, for a fee of about ${formatAmount(fee)}`
      if (what === 'bonded') return `bonded ${of}, in block ${sent.height}`
      return `${of} is on its way back since block ${sent.height}`
    },
  })
}
