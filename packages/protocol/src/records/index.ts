/** `@granary/protocol/records`: all that the chain remembers, as it is encoded: tables, genesis, parameters. */
export type { Account, SessionKey } from './accounts.ts'
export type { Draws, Head, Rewards, Totals } from './chain.ts'
export {
  type ChainParams,
  type ChainParamsJson,
  chainParams,
  feeParams,
  PARAMS_KEY,
} from './chain-params.ts'
export { type ChainProfile, type ChainProfileJson, chainProfileOf, knownProfile } from './chain-profile.ts'
export { type DealStateName, type DealStatus, dealStateOf, dealStatusOf, provenThrough } from './deal-status.ts'
export type { Deal } from './deals.ts'
export type { EpochRecord } from './epochs.ts'
export {
  GENESIS_KEY,
  type Genesis,
  type GenesisAccount,
  type GenesisBeacon,
  type GenesisJson,
  genesisHash,
  genesisStruct,
  genesisToJson,
} from './genesis.ts'
export { compensationFor, type LeavingCosts, type LeavingParams, leavingCosts } from './leaving-costs.ts'
export type { Member, Miss, OpenChallenge, OpenRecovery, Partition, Redraw } from './partitions.ts'
export type { Ballot, ParamStep, Proposal, ProposalEnd, ProposalState, Rules, Upgrade } from './proposals.ts'
export { type Ask, type Provider, type Tranche, VESTING_STEPS, type Vesting } from './providers.ts'
export { type KeyPart, keyNumber, type RecordTable, tableKey } from './record-table.ts'
export { recordTables } from './record-tables.ts'
export type { Placement, Sector } from './sectors.ts'
export type { Absence, Jailed, Seat, Unbonding, Validator } from './validators.ts'
