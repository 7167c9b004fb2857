/** Collateral by what the chain says of a provider. */
import type { ProviderView } from '@granary/protocol/client'

const GIB = 1024n ** 3n

/** What has vested is used by the next lock, once a debt is paid. */
export function freeCollateralOf({ collateral, vesting }: Pick<ProviderView, 'collateral' | 'vesting'>): bigint {
  const free = BigInt(collateral.free) + BigInt(vesting.releasable) - BigInt(collateral.debt)
  return free > 0n ? free : 0n
}

/** Of an amount a GiB, for so many bytes: rounded up, as the chain does. */
export function amountFor(perGiB: bigint, bytes: number): bigint {
  return (perGiB * BigInt(bytes) + GIB - 1n) / GIB
}
