/**
 * A sector that this provider has proven and the chain has not: it was restored from a copy of between the two messages.
 * The proof has a window, and the deal's collateral hangs on it, so this waits for nothing. A node that is only behind says
 * the same; then the sector is found proven as soon as the node has caught up.
 */
import type { SectorView } from '@granary/protocol/client'
import type { SectorIn } from '../sectors/sector.ts'
import type { ProvingContext } from './proving-context.ts'

export async function takeBack(
  context: ProvingContext,
  { number, phase }: SectorIn<'proving'>,
  view: SectorView,
  signal: AbortSignal,
): Promise<void> {
  const { store, chain, providerId, alerts, log, resume } = context
  const { commD, commR, ticketEpoch: epoch, commitBy, expiry } = view
  // Another store of this provider has been at work on the older chain: what is here is not what it means.
  if (commR !== phase.commR) return
  const query = { tag: 'TICKET', epoch, provider: providerId, sector: number } as const
  const { randomness } = await chain.randomness(query, { signal })
  const ticket = { epoch, randomness }
  store.move(number, 'proving', { state: 'precommitted', ticket, commD, commR, commitBy, expiry })
  log({ type: 'sector:moved', sector: number, state: 'precommitted' })
  alerts.raise({
    code: 'CHAIN_ROLLED_BACK',
    subject: `sector ${number}`,
    message: `the chain has forgotten that sector ${number} was proven: it was restored from an older copy`,
    hint: `its proof is made and sent again, by epoch ${commitBy}; ask who runs the node what happened`,
  })
  resume(number)
}
