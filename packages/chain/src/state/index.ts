/** `@granary/chain/state`: the deterministic state machine and what an engine needs to drive it. */

export { type Cover, type FrozenIncome, missFee, skipFee, uncoveredOf } from './answer-fees.ts'
export {
  appHashOfState,
  deriveState,
  encodeOutside,
  isStateInTree,
  proveState,
  type StateRecord,
  treeRootOf,
} from './app-hash.ts'
export { currentFees, FEE_LEVEL_ONE, feeLevelOf } from './base-fee.ts'
export {
  beaconKeyFrom,
  beaconPublicKey,
  beaconRoundFor,
  roundTimeMs,
  signBeaconRound,
  verifyBeaconRound,
} from './beacon.ts'
export { type BlockRoom, createBlockRoom, type Load } from './block-room.ts'
export type { Verifiers } from './checks.ts'
export type { Claim, Subject } from './claim.ts'
export { BlockInvalidError, InadmissibleError, InvariantError, TxError } from './errors.ts'
export type { TxResult } from './execute-tx.ts'
export {
  type DevnetOptions,
  devnetGenesis,
  GenesisInvalidError,
  genesisFromJson,
  productionGenesis,
} from './genesis.ts'
export { type HeadView, readGenesis, readHead, readParams } from './head.ts'
export { compensationFor, type LeavingCosts, leavingCosts } from './leaving-costs.ts'
export {
  type AcceptedTx,
  type Block,
  type BlockVerdict,
  type CandidateOutcome,
  createStateMachine,
  type EnvelopeVerdict,
  type ExecutionObserver,
  type FinalizedBlock,
  type Proposal,
  type RefusedTx,
  type StateMachine,
  type StateMachineParts,
  type TxVerdict,
} from './machine.ts'
export { networkFee } from './messages/settle-deals.ts'
export { devnetParams, productionParams } from './params.ts'
export { latestBlockTimeMs } from './proven-time.ts'
export { draw, entropyOf, type RandomnessTag, seedEntropyOf } from './randomness.ts'
export { recount } from './recount.ts'
export { rewardFor, serviceReward } from './rewards.ts'
export { roundsToDeliver } from './rounds-to-deliver.ts'
export { type KeyStanding, type Senders, sendersOf, type Touched, touchedBy } from './senders.ts'
export type { StateReader } from './store.ts'
export { creditedVesting, cutVesting, releasedVesting } from './vesting.ts'
export {
  accountView,
  dealOfAgreement,
  dealView,
  partitionViews,
  providerView,
  providerViews,
  type RandomnessQuery,
  randomnessView,
  sectorView,
  supplyView,
} from './views.ts'
