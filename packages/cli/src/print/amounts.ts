/** Money as people read it: five digits that count; the exact amount is in `--json`. */
import { formatGrn } from '@granary/protocol/grn'

const DIGITS = 5
/** Below this a GRN would need more zeros than anybody counts. */
const ATTO_MAX = 10n ** 9n

/** `1.2346 GRN`, `0.00034722 GRN`, `123456 GRN`, `347 attoGRN`: rounded to the nearest, a half away from zero. */
export function formatAmount(amount: bigint | string): string {
  const exact = BigInt(amount)
  const size = exact < 0n ? -exact : exact
  if (size > 0n && size < ATTO_MAX) return `${exact} attoGRN`
  // Of what is left of the point every digit stays.
  const dropped = Math.max(0, Math.min(size.toString().length - DIGITS, 18))
  const unit = 10n ** BigInt(dropped)
  const rounded = ((size + unit / 2n) / unit) * unit
  return formatGrn(exact < 0n ? -rounded : rounded)
}
