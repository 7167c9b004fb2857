/** The deals of this account, as the chain has them, with the path that each was put from where this machine knows it. */
import type { DealView } from '@granary/chain/client'
import type { CallOptions, ClientContext } from './client-context.ts'

export interface OwnDeal extends DealView {
  readonly path?: string
}

export async function deals(context: ClientContext, options: CallOptions = {}): Promise<OwnDeal[]> {
  const { chain, signer, journal } = context
  const { genesisHash } = await chain.status(options)
  const paths = new Map((await journal.list(genesisHash)).map(({ rootCid, path }) => [rootCid, path]))
  const own: OwnDeal[] = []
  for await (const deal of chain.deals({ client: signer.address }, options)) {
    const path = deal.terms.rootCid === undefined ? undefined : paths.get(deal.terms.rootCid)
    own.push(path === undefined ? deal : { ...deal, path })
  }
  return own
}
