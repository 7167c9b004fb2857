/**
 * Vesting: what was minted for a provider becomes its free collateral little by little. A tranche is released linearly over
 * `vesting` epochs from its start. Starts lie on a grid, so that a provider has a bounded number of tranches, whatever it
 * is credited how often; a credit begins at the next point of the grid, never earlier than it would alone.
 * docs/spec/chain.md section 4.
 */
import type { Epoch, ProviderId } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { type Tranche, VESTING_STEPS, type Vesting } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { burn, freeCollateral, lockCollateral, mint, writeVesting } from './ledger.ts'
import { lesser } from './lesser.ts'

type VestingParams = Pick<ChainParams, 'vesting'>

/** New money, which its provider cannot use yet. */
export function creditVesting(context: BlockContext, provider: ProviderId, amount: bigint): void {
  const { store, params, height } = context
  if (amount === 0n) return
  releaseVested(context, provider)
  mint(store, amount)
  writeVesting(store, provider, creditedVesting(params, tables.vesting.get(store, provider), height, amount))
}

/** What has vested by now becomes free collateral; a debt is paid from it first. */
export function releaseVested(context: BlockContext, provider: ProviderId): void {
  const { store, params, height, emit } = context
  const vesting = tables.vesting.get(store, provider)
  if (vesting === undefined) return
  const { kept, released } = releasedVesting(params, vesting, height)
  if (released === 0n) return
  writeVesting(store, provider, kept)
  freeCollateral(store, provider, released)
  emit({ type: 'reward:released', provider, amount: String(released) })
}

/** Burns of what still vests. @returns what was burnt, at most what there is */
export function forfeitVesting(context: BlockContext, provider: ProviderId, amount: bigint): bigint {
  const { store, params, height, emit } = context
  if (amount === 0n) return 0n
  releaseVested(context, provider)
  const vesting = tables.vesting.get(store, provider)
  if (vesting === undefined) return 0n
  const { kept, burnt } = cutVesting(params, vesting, height, amount)
  writeVesting(store, provider, kept)
  burn(store, burnt)
  emit({ type: 'reward:cut', provider, amount: String(burnt) })
  return burnt
}

/** @param vesting: released through `height` */
export function creditedVesting(
  params: VestingParams,
  { locked, tranches }: Pick<Vesting, 'locked' | 'tranches'> = { locked: 0n, tranches: [] },
  height: Epoch,
  amount: bigint,
): Vesting {
  const start = nextStart(params, height)
  const last = tranches.at(-1)
  const grown =
    last?.start === start
      ? [...tranches.slice(0, -1), { start, amount: last.amount + amount }]
      : [...tranches, { start, amount }]
  return { locked: locked + amount, through: height, tranches: grown }
}

export function releasedVesting(
  params: VestingParams,
  vesting: Vesting,
  height: Epoch,
): { readonly kept: Vesting; readonly released: bigint } {
  const released = releasableOf(params, vesting, height)
  const tranches = vesting.tranches.filter(({ start }) => start + params.vesting > height)
  return { kept: { locked: vesting.locked - released, through: height, tranches }, released }
}

/**
 * The tranches with so much less of what still vests. The newest lose first, since the provider would have waited for them
 * longest. What is left of a tranche vests until the same epoch as before.
 * @param vesting: released through `height`
 */
export function cutVesting(
  params: VestingParams,
  vesting: Vesting,
  height: Epoch,
  amount: bigint,
): { readonly kept: Vesting; readonly burnt: bigint } {
  let left = amount
  const tranches: Tranche[] = []
  for (const tranche of vesting.tranches.toReversed()) {
    const cut = lesser(left, tranche.amount - vestedOf(params, tranche, height))
    left -= cut
    const kept = cut === 0n ? tranche : cutTranche(params, tranche, height, cut)
    if (kept.amount > 0n) tranches.unshift(kept)
  }
  const kept = { locked: 0n, through: height, tranches }
  const locked = releasableOf(params, kept, Number.MAX_SAFE_INTEGER)
  return { kept: { ...kept, locked }, burnt: vesting.locked - locked }
}

/**
 * The tranche with so much less of what has not vested yet. What has vested already left it before, so this rounds down.
 */
function cutTranche(params: VestingParams, tranche: Tranche, height: Epoch, cut: bigint): Tranche {
  const { start, amount } = tranche
  if (height <= start) return { start, amount: amount - cut }
  const unvested = amount - vestedOf(params, tranche, height) - cut
  return { start, amount: (unvested * BigInt(params.vesting)) / BigInt(start + params.vesting - height) }
}

/** Free → locked collateral, with what has vested by now. @throws TxError INSUFFICIENT_COLLATERAL */
export function lockWithVested(context: BlockContext, provider: ProviderId, amount: bigint): void {
  releaseVested(context, provider)
  lockCollateral(context.store, provider, amount)
}

/** What a release at `epoch` would give. One step gives as much as many, because each tranche is rounded from its whole. */
export function releasableOf(params: VestingParams, { through, tranches }: Vesting, epoch: Epoch): bigint {
  return tranches.reduce(
    (sum, tranche) => sum + vestedOf(params, tranche, epoch) - vestedOf(params, tranche, through),
    0n,
  )
}

function vestedOf({ vesting }: VestingParams, { start, amount }: Tranche, epoch: Epoch): bigint {
  const passed = Math.min(vesting, Math.max(0, epoch - start))
  return (amount * BigInt(passed)) / BigInt(vesting)
}

function nextStart({ vesting }: VestingParams, epoch: Epoch): Epoch {
  const step = Math.ceil(vesting / VESTING_STEPS)
  return Math.ceil(epoch / step) * step
}
