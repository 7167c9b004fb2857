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
  /** Deposit and pledge of a sector. */
  readonly lockedPerSector: bigint
  readonly partitionDeposit: bigint
  /** At most, of the pre-commitment and the proof of a sector. */
  readonly feesPerSector: bigint
  /** Of the proofs of a period, of all that is sealed. */
  readonly feesOfProofs: bigint
}

/** What is promised and not paid for yet (promised-deals.ts). */
export interface PromisedDeals {
  /** Of open uploads, and of agreements that nobody has published. */
  readonly collateral: bigint
  /** Padded, of open uploads and all deals that are not active. */
  readonly pieceBytes: number
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
  sectorBytes: number,
): void {
  const sectors = BigInt(Math.ceil((promised.pieceBytes + pieceSize) / sectorBytes))
  const free = means.freeCollateral - promised.collateral
  const needed = providerCollateral + sectors * means.lockedPerSector + means.partitionDeposit
  if (free < needed) throw new CollateralShortError(free, needed)
  const fees = sectors * means.feesPerSector + means.feesOfProofs
  if (means.balance < fees) throw new FeesShortError(means.balance, fees)
}
