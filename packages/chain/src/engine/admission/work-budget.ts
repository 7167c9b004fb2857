/**
 * What a node works in vain: general messages that are executed to see whether they would fail, and do. It has as much a
 * block as is no burden, a tenth of it for one account; who has used it up is taken unexecuted, and pays for the failure in
 * a block.
 */
import type { Address } from '@granary/protocol/messages'

const UNITS_A_BLOCK = 500_000
const ACCOUNT_SHARE = 1 / 10

export interface WorkBudget {
  allows(sender: Address): boolean
  spend(sender: Address, units: number): void
  /** A block has come. */
  renew(): void
}

export function createWorkBudget(): WorkBudget {
  let spent = 0
  const spentBy = new Map<Address, number>()
  return {
    allows: (sender) => spent < UNITS_A_BLOCK && (spentBy.get(sender) ?? 0) < ACCOUNT_SHARE * UNITS_A_BLOCK,
    spend(sender, units) {
      spent += units
      spentBy.set(sender, (spentBy.get(sender) ?? 0) + units)
    },
    renew() {
      spent = 0
      spentBy.clear()
    },
  }
}
