/** Does what planExit says until nothing is left to do. What may have changed is asked of the chain each time; what has ended is not. */
import { sleep } from '@granary/base'
import { sendMessage } from '@granary/protocol/client'
import { freeCollateralOf } from '../chain/collateral.ts'
import { isSettled } from '../proving/settle-deals.ts'
import { type EndingCosts, endingCosts } from './ending-costs.ts'
import { type OwnerContext, terminateSectors, withdrawCollateral } from './owner-messages.ts'
import { type ExitPlan, type ExitState, isRunning, planExit } from './plan-exit.ts'
import { sectorsOnChain } from './sectors-on-chain.ts'

export type ExitProgress =
  | { readonly type: 'waiting'; readonly height: number; readonly plan: ExitPlan }
  | { readonly type: 'settled'; readonly deals: readonly number[] }
  | { readonly type: 'terminated'; readonly sectors: readonly number[] }

export interface LeaveOptions {
  /** Before sectors are ended. Throws when that is not wanted. */
  readonly confirm: (costs: readonly EndingCosts[]) => Promise<void>
  readonly onProgress?: (progress: ExitProgress) => void
}

export interface Left {
  /** attoGRN */
  readonly withdrawn: bigint
  /** Not free yet, and the epoch by which it is: leaving once more takes it. */
  readonly vesting: bigint
  readonly vestingEnd: number | null
}

/** As many as one SettleDeals takes (docs/spec/chain.md section 2). */
const DEALS_MAX = 256
const LOOK_BLOCKS = 5
/** Looks, after which all is read once more: an agreement from before the ask ended may have been published. */
const LOOKS_A_WHOLE_ONE = 20
const LOOK_MS_MAX = 15_000

/** What the chain says that leaving depends on. */
export async function readExit({ chain, provider, signal }: Omit<OwnerContext, 'signer'>): Promise<ExitState> {
  const options = signal === undefined ? {} : { signal }
  const [{ height }, { provingPeriod }, view] = await Promise.all([
    chain.status(options),
    chain.params(options),
    chain.provider(provider, options),
  ])
  return {
    height,
    provingPeriod,
    deals: await Array.fromAsync(chain.deals({ provider }, options)),
    sectors: await sectorsOnChain(chain, provider, options),
    freeCollateral: freeCollateralOf(view),
    lockedCollateral: BigInt(view.collateral.locked),
  }
}

/**
 * What may be otherwise than at the look before: deals that are not settled, and sectors without one that runs. What ends stays so, and
 * a sector whose deal runs is looked at when that has ended.
 */
async function readRest({ chain, provider, signal }: OwnerContext, before: ExitState): Promise<ExitState> {
  const options = signal === undefined ? {} : { signal }
  const [{ height }, view] = await Promise.all([chain.status(options), chain.provider(provider, options)])
  const open = before.deals.filter((deal) => !isSettled(deal)).map(({ id }) => id)
  const deals = await chain.dealsById(open, options)
  const running = new Set(deals.filter(({ state }) => isRunning(state)).map(({ id }) => id))
  const sectors: ExitState['sectors'][number][] = []
  for (const known of before.sectors) {
    const isKept = known.deals.some((id) => running.has(id))
    const sector = isKept ? known : await chain.sector(provider, known.number, options)
    if (sector.state === 'active' || sector.state === 'faulty') sectors.push(sector)
  }
  return {
    ...{ height, provingPeriod: before.provingPeriod, deals, sectors },
    freeCollateral: freeCollateralOf(view),
    lockedCollateral: BigInt(view.collateral.locked),
  }
}

/** The ask ends, so that no client comes any more; nothing when it has ended, or there is none. */
export async function endAsk({ chain, signer, provider, signal }: OwnerContext): Promise<boolean> {
  const options = signal === undefined ? {} : { signal }
  const [{ height, blockTimeMs }, { ask }] = await Promise.all([
    chain.status(options),
    chain.provider(provider, options),
  ])
  // Room for the message to get into a block.
  const validUntil = height + Math.ceil(60_000 / blockTimeMs)
  if (ask === null || ask.validUntil <= validUntil) return false
  const body = { provider, ...ask, pricePerGiBEpoch: BigInt(ask.pricePerGiBEpoch), validUntil }
  await sendMessage({ chain, signer, kind: 'SetAsk', body }, options)
  return true
}

/** @throws what `confirm` throws; the chain's refusals; an abort error: called again it goes on */
export async function leave(context: OwnerContext, { confirm, onProgress }: LeaveOptions): Promise<Left> {
  const { chain, provider, signal } = context
  const options = signal === undefined ? {} : { signal }
  let state = await readExit(context)
  for (let looks = 1; ; looks += 1) {
    let plan = planExit(state)
    // What cannot be undone follows from all that there is.
    if (plan.terminate.length > 0 || plan.withdraw !== undefined) {
      state = await readExit(context)
      plan = planExit(state)
    }
    if (plan.withdraw !== undefined) return await withdraw(context, plan.withdraw)
    for (let from = 0; from < plan.settle.length; from += DEALS_MAX) {
      const deals = plan.settle.slice(from, from + DEALS_MAX)
      await sendMessage({ chain, signer: context.signer, kind: 'SettleDeals', body: { deals } }, options)
      onProgress?.({ type: 'settled', deals })
    }
    if (plan.terminate.length > 0) {
      await confirm(await endingCosts(chain, provider, plan.terminate, options))
      await terminateSectors(context, plan.terminate)
      onProgress?.({ type: 'terminated', sectors: plan.terminate })
    }
    onProgress?.({ type: 'waiting', height: state.height, plan })
    const { blockTimeMs } = await chain.status(options)
    await sleep(Math.min(LOOK_BLOCKS * blockTimeMs, LOOK_MS_MAX), signal)
    state = looks % LOOKS_A_WHOLE_ONE === 0 ? await readExit(context) : await readRest(context, state)
  }
}

async function withdraw(context: OwnerContext, amount: bigint): Promise<Left> {
  const { chain, provider, signal } = context
  if (amount > 0n) await withdrawCollateral(context, amount)
  const { vesting } = await chain.provider(provider, signal === undefined ? {} : { signal })
  return {
    withdrawn: amount,
    vesting: BigInt(vesting.locked) + BigInt(vesting.releasable),
    vestingEnd: vesting.end,
  }
}
