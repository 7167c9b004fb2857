/**
 * What it costs a provider to end a sector before its time. Amounts alone, so that what leaving costs and pays can be calculated
 * beforehand, with the rules themselves. docs/spec/chain.md section 4, Leaving.
 */
import type { Epoch } from '../codec/types.ts'
import type { ChainParams } from './chain-params.ts'
import type { Sector } from './sectors.ts'

export type LeavingParams = Pick<ChainParams, 'terminationFee' | 'forfeitEpochs'>

export interface LeavingCosts {
  /**
   * What the sector earns in the time that was left when it was last sound, but in no more than `terminationFee` epochs.
   */
  readonly fee: bigint
  /** What is forfeited of all that vests for the provider, as far as it goes. */
  readonly forfeit: bigint
}

/**
 * @param since: for a faulty sector the block of its fault, because else it would pay to declare it faulty and to wait
 * @param reward: of the sector's bytes, an epoch
 */
export function leavingCosts(
  { terminationFee, forfeitEpochs }: LeavingParams,
  { pay, expiry, dealsEnd }: Pick<Sector, 'pay' | 'expiry' | 'dealsEnd'>,
  { since, reward }: { readonly since: Epoch; readonly reward: bigint },
): LeavingCosts {
  const feeEpochs = Math.min(terminationFee, Math.max(0, expiry - since))
  const dealEpochs = Math.max(0, dealsEnd - since)
  return {
    fee: (pay + reward) * BigInt(feeEpochs),
    forfeit: lesser(reward * BigInt(forfeitEpochs), pay * BigInt(dealEpochs)),
  }
}

/** What the client gets of the collateral for epochs that it had locked and was not served for. */
export function compensationFor(collateral: bigint, unserved: bigint): bigint {
  return lesser(collateral, unserved)
}

/** Math.min takes no bigint. */
function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
