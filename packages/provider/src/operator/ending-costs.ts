/**
 * What it costs to end sectors before their time, said before it is done, by the chain's own rule (docs/spec/chain.md section 4,
 * Leaving). Of a faulty sector the chain counts from its fault, which it does not say: the figure is then the most it can be.
 */
import { GranaryError } from '@granary/base'
import { profileNamed } from '@granary/proofs/profile'
import type { ChainClient, DealView, SectorView } from '@granary/protocol/client'
import { leavingCosts } from '@granary/protocol/records'
import { amountFor } from '../chain/collateral.ts'

/** Amounts in attoGRN. */
export interface EndingCosts {
  readonly sector: number
  /** Burnt of the collateral. */
  readonly fee: bigint
  /** Of what still vests, as far as that goes. */
  readonly forfeit: bigint
  /** Collateral of its deals: to their clients, and what is left burns. */
  readonly collateral: bigint
  /** What the clients have locked for the epochs to come, and would not pay. */
  readonly income: bigint
  /** Deals that end with it. */
  readonly deals: readonly number[]
  /** The epoch at which it would end by itself, for nothing. */
  readonly expiry: number
}

export class SectorNotProvenError extends GranaryError {
  constructor({ number, state }: Pick<SectorView, 'number' | 'state'>) {
    super({
      code: 'SECTOR_STATE_WRONG',
      message: `sector ${number} is ${state}`,
      hint: 'name sectors that are being proven: `granary provider sectors list` has them',
      details: { sector: number, state },
    })
  }
}

/** @throws SECTOR_NOT_FOUND, SectorNotProvenError */
export async function endingCosts(
  chain: ChainClient,
  provider: number,
  numbers: readonly number[],
  options: { signal?: AbortSignal } = {},
): Promise<EndingCosts[]> {
  const [{ height }, params, supply] = await Promise.all([
    chain.status(options),
    chain.params(options),
    chain.supply(options),
  ])
  const costs: EndingCosts[] = []
  for (const number of new Set(numbers)) {
    const sector = await chain.sector(provider, number, options)
    const { state, expiry, activatedAt = height } = sector
    if (state !== 'active' && state !== 'faulty') throw new SectorNotProvenError(sector)
    const views = await dealsOf(chain, sector, options)
    const running = views.filter((deal) => deal.state === 'active')
    const { sectorBytes } = profileNamed(sector.profile)
    const leaving = leavingCosts(
      params,
      {
        expiry,
        pay: running.reduce((sum, { terms }) => sum + BigInt(terms.pricePerEpoch), 0n),
        dealsEnd: Math.max(0, ...views.map(({ endsAt = 0 }) => endsAt)),
      },
      {
        since: state === 'active' ? height : Math.max(activatedAt, height - params.faultMaxAge),
        reward: amountFor(BigInt(supply.rewardPerGiBEpoch), sectorBytes),
      },
    )
    costs.push({
      sector: number,
      ...leaving,
      collateral: running.reduce((sum, { terms }) => sum + BigInt(terms.providerCollateral), 0n),
      income: running.reduce((sum, { locked, earned }) => sum + atLeastZero(BigInt(locked) - BigInt(earned)), 0n),
      deals: running.map(({ id }) => id),
      expiry,
    })
  }
  return costs
}

async function dealsOf(
  chain: ChainClient,
  { deals }: SectorView,
  options: { signal?: AbortSignal },
): Promise<DealView[]> {
  const views: DealView[] = []
  for (const id of deals) views.push(await chain.deal(id, options))
  return views
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
