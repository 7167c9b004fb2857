/**
 * What a deal pays its provider: a debt comes before the payout address, or fees that nothing else covers would be free
 * for who lives on its deals. docs/spec/chain.md section 4.
 */
import type { ProviderId } from '@granary/protocol/messages'
import type { BlockContext } from '../store/context.ts'
import { InvariantError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { credit, repayDebt } from './ledger.ts'
import { releaseVested } from './vesting.ts'

/** Money that has left its holder. */
export function payProvider(context: BlockContext, id: ProviderId, amount: bigint): void {
  const { store, emit } = context
  const provider = tables.providers.get(store, id)
  if (provider === undefined) throw new InvariantError(`provider ${id} of a deal is unknown`)
  // What has vested pays first, as it would have in any other order of messages.
  if (provider.debt > 0n) releaseVested(context, id)
  const repaid = repayDebt(store, id, amount)
  if (repaid > 0n) emit({ type: 'provider:repaid', provider: id, amount: String(repaid) })
  credit(store, provider.payout, amount - repaid)
}
