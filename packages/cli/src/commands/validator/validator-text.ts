/** A validator in words. */
import type { ValidatorView } from '@granary/protocol/chain-api'
import { formatAddress } from '@granary/protocol/messages'
import { formatAmount } from '../../print/amounts.ts'
import { type ChainTime, formatEpoch } from '../../print/times.ts'

export function validatorLine({ publicKey, bond, power, jailed }: ValidatorView): string {
  const standing = jailed === 'no' ? `power ${power}` : `jailed (${jailed})`
  return `${publicKey}  ${formatAmount(BigInt(bond))}  ${standing}`
}

export function validatorText(view: ValidatorView, time: ChainTime): string {
  const { publicKey, owner, bond, power, missed, unbonding } = view
  return [
    `validator ${publicKey}`,
    `owner     ${formatAddress(owner)}`,
    `bond      ${formatAmount(BigInt(bond))}`,
    `power     ${power === 0 ? 'none: it is not in the set' : power}`,
    `jailed    ${jailedText(view, time)}`,
    `missed    ${missed} blocks of this window`,
    ...unbonding.map(
      ({ amount, releases }) => `leaves    ${formatAmount(BigInt(amount))}, not before ${formatEpoch(releases, time)}`,
    ),
  ].join('\n')
}

function jailedText({ jailed, jailedUntil }: ValidatorView, time: ChainTime): string {
  if (jailed === 'no') return 'no'
  if (jailedUntil === null) return 'for good: it voted twice at one height'
  return `it was silent; \`granary chain validator unjail\` is taken from ${formatEpoch(jailedUntil, time)} on`
}
