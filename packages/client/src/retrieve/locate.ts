/** Who may have the content of a root: the providers of its deals, those first whose deal binds them, then the gateways. */
import { withoutPasswords } from '@granary/base'
import type { DealState, DealView } from '@granary/protocol/client'
import { epochTimeMs } from '@granary/protocol/epochs'
import type { CallOptions } from '../call-options.ts'
import type { Ports } from '../ports.ts'
import { endpointOf } from '../providers/rank-providers.ts'
import { CidNotStoredError, type EndedDeal } from './errors.ts'

const LIVE_STATES: readonly DealState[] = ['active', 'committed', 'published']
const ENDED_STATES: readonly DealState[] = ['expired', 'terminated', 'cancelled', 'lapsed']
/** In the order in which providers are asked. */
const STATES: readonly DealState[] = [...LIVE_STATES, ...ENDED_STATES]

/** One who may have a part of the content, or all of it. */
export interface Holder {
  /** Absent for a gateway. */
  readonly provider?: number
  /** As it may be shown. */
  readonly endpoint: string
  /** Of a gateway: its address, with the user and the password that may be in it. */
  readonly gateway?: string
  /** The smaller, the earlier it is asked. */
  readonly rank: number
  /** Its deal is on the chain and not bound to a sector: it may not have heard of it yet, and gives nothing until then. */
  readonly isNew?: boolean
  /** Of a provider all of whose deals for the content have ended. */
  readonly ended?: EndedDeal
}

export interface LocateOptions extends CallOptions {
  /** Addresses of trustless gateways. */
  readonly gateways: readonly string[]
}

/** @throws CidNotStoredError where neither a deal nor a gateway is left to ask */
export async function locate(
  { chain }: Pick<Ports, 'chain'>,
  rootCid: string,
  { gateways, signal }: LocateOptions,
): Promise<Holder[]> {
  const best = new Map<number, DealView>()
  const others = gateways.map((url) => {
    const gateway = url.replace(/\/+$/, '')
    return { endpoint: withoutPasswords(gateway), gateway, rank: STATES.length }
  })
  try {
    for await (const deal of chain.deals({ rootCid }, { signal })) {
      const { provider } = deal.terms
      const other = best.get(provider)
      if (other === undefined || rankOf(deal) <= rankOf(other)) best.set(provider, deal)
    }
    const providers = await Promise.all(
      [...best].map(async ([provider, deal]): Promise<Holder> => {
        const endpoint = endpointOf(await chain.provider(provider, { signal })) ?? ''
        const ended = await endOf(deal, chain, { signal })
        const isNew = deal.state === 'published'
        return { provider, endpoint, rank: rankOf(deal), isNew, ...(ended === undefined ? {} : { ended }) }
      }),
    )
    if (providers.length === 0 && others.length === 0) throw new CidNotStoredError(rootCid, chain.url)
    return [...providers.sort((a, b) => a.rank - b.rank || a.provider! - b.provider!), ...others]
  } catch (error) {
    // The gateways answer without the chain.
    if (others.length === 0 || signal?.aborted) throw error
    return others
  }
}

function rankOf(deal: DealView): number {
  return STATES.indexOf(deal.state)
}

async function endOf(
  { id, state, endsAt, lapsesAt }: DealView,
  chain: Ports['chain'],
  options: CallOptions,
): Promise<EndedDeal | undefined> {
  if (!ENDED_STATES.includes(state)) return undefined
  const epoch = state === 'expired' ? endsAt : state === 'lapsed' ? lapsesAt : undefined
  if (epoch === undefined) return { deal: id, state }
  return { deal: id, state, epoch, epochMs: epochTimeMs(epoch, await chain.status(options)) }
}
