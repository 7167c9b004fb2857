/** Money as people read it: 1 GRN = 10¹⁸ attoGRN. */
import { type AttoGrn, attoGrn, MessageInvalidError } from '../codec/types.ts'

const DECIMALS = 18

/** `12500000000000000n` → `0.0125 GRN`: exact, without trailing zeros. */
export function formatGrn(amount: AttoGrn): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(DECIMALS + 1, '0')
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '')
  const whole = digits.slice(0, -DECIMALS)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`} GRN`
}

/** The reverse; the unit may be left out, or be attoGRN with a whole number. @throws MessageInvalidError */
export function parseGrn(text: string): AttoGrn {
  const [, atto] = /^([0-9]{1,39}) ?attoGRN$/.exec(text.trim()) ?? []
  if (atto !== undefined) return attoGrn(BigInt(atto))
  const match = /^([0-9]{1,21})(?:\.([0-9]{1,18}))?(?: ?GRN)?$/.exec(text.trim())
  if (match === null)
    throw new MessageInvalidError(
      'amount',
      'GRN with at most 18 decimals, such as 0.0125, or a whole number of attoGRN',
      text,
    )
  return attoGrn(BigInt(`${match[1]!}${(match[2] ?? '').padEnd(DECIMALS, '0')}`))
}
