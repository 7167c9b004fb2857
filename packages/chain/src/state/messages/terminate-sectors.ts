/**
 * TerminateSectors: ends sectors before their expiry. The span since their last proof counts as faulted, their deals end:
 * each is refunded, and compensated from its collateral, in its own settlement. Signed by the owner alone; burns the
 * termination fee, that of the time which was left, at most `terminationFee` epochs of what the sector earns. A challenge that
 * is open still asks for them. For a faulty sector the time left counts from its fault. Refuses what is not proven or
 * over already.
 */
import type { TerminateSectors } from '../../messages/index.ts'
import type { Effect } from '../context.ts'
import { TxError } from '../errors.ts'
import { terminateSector } from '../faults.ts'
import { tables } from '../records.ts'
import { requireOwner } from '../require-provider.ts'

export const terminateSectors: Effect<TerminateSectors> = (context, { provider, sectors }) => {
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
