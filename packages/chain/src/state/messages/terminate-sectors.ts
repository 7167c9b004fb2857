/**
 * TerminateSectors: ends sectors before their expiry. The span since their last proof counts as faulted, their deals
 * end: each is refunded, and compensated from its collateral, in its own settlement. A challenge that is open still
 * asks for them.
 *
 * Signed by the owner, or a session key with that scope, which a daemon's has not.
 * Costs its fee, and the termination fee, which is burnt: what the sector earns in the time that was left when it was
 * last sound, at most in `terminationFee` epochs.
 * Refuses another than the owner (PROVIDER_NOT_OWNED), a sector that there is not (SECTOR_NOT_FOUND), is not proven or
 * over already (SECTOR_STATE_WRONG).
 */
import { requireOwner } from '../access/require-provider.ts'
import { terminateSector } from '../proving/faults.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export const terminateSectors: Effect<'TerminateSectors'> = (context, { provider, sectors }) => {
  const { store } = context
  requireOwner(context, provider)
  for (const number of sectors) {
    const sector = tables.sectors.get(store, provider, number)
    if (sector === undefined) {
      throw new TxError('SECTOR_NOT_FOUND', {
        message: `there is no sector ${provider}/${number}`,
        hint: 'name proven sectors',
      })
    }
    if (sector.status !== 'active') {
      throw new TxError('SECTOR_STATE_WRONG', {
        message: `sector ${provider}/${number} is ${sector.status}`,
        hint: 'name each sector once, proven and not over',
      })
    }
    terminateSector(context, provider, number, 'REQUESTED')
  }
}
