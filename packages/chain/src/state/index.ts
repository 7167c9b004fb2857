/** `@granary/chain/state`: the deterministic state machine and what an engine needs to drive it. */

export { type KeyStanding, type Senders, sendersOf, type Touched, touchedBy } from './access/senders.ts'
export { RULES_KNOWN, rulesOf, UpgradeRequiredError } from './governance/rules-version.ts'
export { governanceView, proposalView, proposalViews } from './governance/views.ts'
export { type BlockRoom, createBlockRoom, type Load } from './machine/block-room.ts'
export type { Verifiers } from './machine/checks.ts'
export type { Claim } from './machine/claim.ts'
export type { TxResult } from './machine/execute-tx.ts'
export {
  assertGenesis,
  type DevnetOptions,
  devnetGenesis,
  GenesisInvalidError,
  genesisFromJson,
  productionGenesis,
} from './machine/genesis.ts'
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
} from './machine/machine.ts'
export { devnetParams, productionParams } from './machine/params.ts'
export { recount } from './machine/recount.ts'
export {
  accountView,
  challengeView,
  dealView,
  memberViews,
  openChallenges,
  partitionView,
  partitionViews,
  providerView,
  providerViews,
  type RandomnessQuery,
  randomnessView,
  sectorView,
  sessionKeyView,
  sessionKeyViews,
  supplyView,
} from './machine/views.ts'
export { networkFee } from './messages/settle-deals.ts'
export { type Cover, type FrozenIncome, missFee, skipFee, uncoveredOf } from './money/answer-fees.ts'
export { currentFees, FEE_LEVEL_ONE, feeLevelOf } from './money/base-fee.ts'
export { rewardFor, serviceReward } from './money/rewards.ts'
export { creditedVesting, cutVesting, releasedVesting } from './money/vesting.ts'
export {
  beaconKeyFrom,
  beaconPublicKey,
  beaconRoundFor,
  roundTimeMs,
  signBeaconRound,
  verifyBeaconRound,
} from './proving/beacon.ts'
export { latestBlockTimeMs } from './proving/proven-time.ts'
export { draw, entropyOf, type RandomnessTag, seedEntropyOf } from './proving/randomness.ts'
export { roundsToDeliver } from './proving/rounds-to-deliver.ts'
export {
  appHashOfState,
  createDerivation,
  type Derivation,
  deriveState,
  encodeOutside,
  isStateInTree,
  proveState,
  type StateRecord,
  treeRootOf,
} from './store/app-hash.ts'
export type { Subject } from './store/claims.ts'
export { BlockInvalidError, InadmissibleError, InvariantError, TxError } from './store/errors.ts'
export { type HeadView, readGenesis, readHead, readParams } from './store/head.ts'
export type { StateReader } from './store/store.ts'
export { keyOfValidator } from './validators/bonds.ts'
export { type DoubleVote, type EngineReport, engineReport } from './validators/engine-report.ts'
export { validatorOf } from './validators/power.ts'
export { seatsOf } from './validators/seats.ts'
export { evidenceBlocks } from './validators/unbonding.ts'
export { validatorView, validatorViews } from './validators/validator-views.ts'
