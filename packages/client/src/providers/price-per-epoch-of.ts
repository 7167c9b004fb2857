import type { ProviderView } from '@granary/protocol/client'

const GIB = 1n << 30n

/** The price of a piece by the provider's ask: attoGRN an epoch, rounded up. @param pieceSize padded, in bytes */
export function pricePerEpochOf(provider: ProviderView, pieceSize: number): bigint {
  const perGiB = BigInt(provider.ask?.pricePerGiBEpoch ?? 0)
  return (perGiB * BigInt(pieceSize) + GIB - 1n) / GIB
}
