/**
 * Where a provider's money is, why it is locked, what it has earned, and how long it pays for proofs: by the chain alone, so
 * that it is asked without a daemon and without a key. What several lists are needed for is of the same minute, not of the
 * same block.
 */
import { profileNamed } from '@granary/proofs/profile'
import type { ChainClient, DealView, PartitionView } from '@granary/protocol/client'
import { type Address, feeOf } from '@granary/protocol/messages'
import { amountFor, freeCollateralOf } from '../chain/collateral.ts'

/** Amounts in attoGRN. */
export interface Money {
  readonly provider: number
  readonly owner: Address
  readonly height: number
  /** Of the owner's account: it pays the fees of all messages. */
  readonly balance: bigint
  readonly collateral: {
    /** What the next deal or sector can be backed with: the debt is taken off, what has vested is counted. */
    readonly free: bigint
    readonly locked: bigint
    readonly debt: bigint
  }
  /** Why it is locked; together the locked collateral. */
  readonly lockedFor: {
    /** Deals that are published and have not ended. */
    readonly deals: bigint
    /** Deals that have ended and are not settled. */
    readonly endedDeals: bigint
    /** Pledges of sectors that are being proven, or faulty. */
    readonly pledges: bigint
    /** Deposits of sectors that are not proven yet, and of partitions. */
    readonly deposits: bigint
  }
  readonly vesting: {
    readonly locked: bigint
    /** Free with the next credit, lock or withdrawal. */
    readonly releasable: bigint
    /** The epoch by which all of it is free; null: there is nothing. */
    readonly end: number | null
  }
  readonly earned: {
    /** Of all its deals, paid out. */
    readonly paid: bigint
    /** Of its deals, proven and not settled yet. */
    readonly unsettled: bigint
    /** Of capacity, credited with the next proof. */
    readonly pending: bigint
  }
  readonly fees: {
    /** What a proof of each of its partitions costs, once. */
    readonly perPeriod: bigint
    /** For how long the balance pays for proofs; null: it has nothing to prove. */
    readonly runwayMs: number | null
  }
}

/** @throws PROVIDER_NOT_FOUND, CHAIN_UNREACHABLE, … */
export async function readMoney(
  chain: ChainClient,
  provider: number,
  options: { signal?: AbortSignal } = {},
): Promise<Money> {
  const view = await chain.provider(provider, options)
  const [status, params, fees, account, partitions] = await Promise.all([
    chain.status(options),
    chain.params(options),
    chain.fees(options),
    chain.account(view.owner, options),
    chain.partitions(provider, options),
  ])
  const deals = await sumOfDeals(chain.deals({ provider }, options))
  const locked = BigInt(view.collateral.locked)
  const pledges = partitions.reduce((sum, each) => sum + pledgesOf(each, params.pledgePerGiB), 0n)
  const balance = BigInt(account.balance)
  const perPeriod = feeOf('SubmitPost', 0, fees) * BigInt(partitions.length)
  const periodMs = params.provingPeriod * status.blockTimeMs
  return {
    provider,
    owner: view.owner,
    height: status.height,
    balance,
    collateral: { free: freeCollateralOf(view), locked, debt: BigInt(view.collateral.debt) },
    lockedFor: {
      ...deals.locked,
      pledges,
      deposits: atLeastZero(locked - deals.locked.deals - deals.locked.endedDeals - pledges),
    },
    vesting: {
      locked: BigInt(view.vesting.locked),
      releasable: BigInt(view.vesting.releasable),
      end: view.vesting.end,
    },
    earned: { ...deals.earned, pending: partitions.reduce((sum, { pending }) => sum + BigInt(pending), 0n) },
    fees: { perPeriod, runwayMs: perPeriod === 0n ? null : Number(balance / perPeriod) * periodMs },
  }
}

async function sumOfDeals(deals: AsyncIterable<DealView>): Promise<{
  locked: Pick<Money['lockedFor'], 'deals' | 'endedDeals'>
  earned: Pick<Money['earned'], 'paid' | 'unsettled'>
}> {
  const locked = { deals: 0n, endedDeals: 0n }
  const earned = { paid: 0n, unsettled: 0n }
  for await (const deal of deals) {
    earned.paid += BigInt(deal.paid)
    earned.unsettled += BigInt(deal.earned)
    const collateral = BigInt(deal.terms.providerCollateral)
    if (deal.state === 'published' || deal.state === 'committed' || deal.state === 'active') locked.deals += collateral
    // A deal whose client has money in it, or a claim, is not closed.
    else if (BigInt(deal.locked) > 0n || deal.claim !== undefined) locked.endedDeals += collateral
  }
  return { locked, earned }
}

function pledgesOf({ profile, sectors }: PartitionView, pledgePerGiB: bigint): bigint {
  return BigInt(sectors) * amountFor(pledgePerGiB, profileNamed(profile).sectorBytes)
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
