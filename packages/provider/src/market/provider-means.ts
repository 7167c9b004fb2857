/**
 * Whether the provider can pay for what it promises: a deal takes its own collateral when it is published, and its sector a
 * deposit, a pledge, perhaps a partition's deposit, and the fees of two messages. Promised without them, a sealed sector
 * would wait for money while its deal's time runs. Pure.
 */
import { GranaryError } from '@granary/base'
import { CollateralShortError } from './agreement-errors.ts'

/** What the chain says at this moment, amounts in attoGRN. */
export interface ProviderMeans {
  readonly freeCollateral: bigint
  /** Of the owner's account, which pays the fees. */
  readonly balance: bigint
  /** Of each size of its sectors, the smallest first. */
  readonly sectors: readonly SectorMeans[]
  readonly partitionDeposit: bigint
  /** Of the proofs of a period, of all that is sealed. */
  readonly feesOfProofs: bigint
}

export interface SectorMeans {
  readonly sectorBytes: number
  /** Deposit and pledge. */
  readonly locked: bigint
  /** At most, of the pre-commitment and the proof. */
  readonly fees: bigint
}

/** What is promised and not paid for yet (promised-deals.ts). */
export interface PromisedDeals {
  /** Of open uploads, and of agreements that nobody has published. */
  readonly collateral: bigint
  /** Of open uploads and all deals that are not active: how many bytes, padded, are in pieces of each size. */
  readonly pieces: readonly PromisedPieces[]
}

export interface PromisedPieces {
  readonly pieceSize: number
  readonly bytes: number
}

export interface WantedDeal {
  readonly providerCollateral: bigint
  readonly pieceSize: number
}

export class FeesShortError extends GranaryError {
  constructor(balance: bigint, needed: bigint) {
    super({
      code: 'FEES_SHORT',
      message: `the provider's account has ${balance} attoGRN, the fees for what it has promised come to ${needed}`,
      hint: 'choose another provider, or try again later',
      details: { balance: String(balance), needed: String(needed) },
    })
  }
}

/** @throws CollateralShortError, FeesShortError */
export function requireMeans(
  means: ProviderMeans,
  promised: PromisedDeals,
  { providerCollateral, pieceSize }: WantedDeal,
): void {
  const sectors = sectorsFor(means.sectors, [...promised.pieces, { pieceSize, bytes: pieceSize }])
  const free = means.freeCollateral - promised.collateral
  const needed = providerCollateral + sectors.locked + sectors.sizes * means.partitionDeposit
  if (free < needed) throw new CollateralShortError(free, needed)
  const fees = sectors.fees + means.feesOfProofs
  if (means.balance < fees) throw new FeesShortError(means.balance, fees)
}

/** Each piece in the smallest sector that holds it: where they share a larger one, it is less. */
function sectorsFor(
  means: readonly SectorMeans[],
  pieces: readonly PromisedPieces[],
): { readonly locked: bigint; readonly fees: bigint; readonly sizes: bigint } {
  let [locked, fees, sizes] = [0n, 0n, 0n]
  for (const [index, sector] of means.entries()) {
    const smaller = means[index - 1]?.sectorBytes ?? 0
    const isLast = index === means.length - 1
    const own = pieces.filter(({ pieceSize: size }) => size > smaller && (size <= sector.sectorBytes || isLast))
    const count = BigInt(Math.ceil(own.reduce((sum, { bytes }) => sum + bytes, 0) / sector.sectorBytes))
    locked += count * sector.locked
    fees += count * sector.fees
    // A partition holds sectors of one size.
    sizes += count > 0n ? 1n : 0n
  }
  return { locked, fees, sizes }
}
