/** Parts of amounts: in ten-thousandths, and by size. */

export const BPS_ONE = 10_000
export const GIB: bigint = 2n ** 30n

/** Amount of `perGiB` for `bytes`, rounded up. */
export function perGiB(amount: bigint, bytes: number): bigint {
  return (amount * BigInt(bytes) + GIB - 1n) / GIB
}
