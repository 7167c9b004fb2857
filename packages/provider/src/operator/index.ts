/** `@granary/provider/operator`: what an owner does by hand, with the chain and without the daemon, or asks of the one that runs. */
export { askProvider, ProviderNotRunningError } from '../admin-access.ts'
export { amountFor } from '../chain/collateral.ts'
export { readRegistration } from '../chain/registration.ts'
export { takenProfiles } from '../chain/require-profile.ts'
export { CONFIG_MODE, changeConfig, readConfig } from '../config.ts'
export { type ConfigKey, configValue, describeConfig } from '../config-keys.ts'
export { withConfigLock } from '../config-lock.ts'
export {
  getStatus,
  type ListedAlerts,
  type ListedDeals,
  type ListedEndedDeals,
  type ListedTraffic,
  listAlerts,
  listDeals,
  listEndedDeals,
  listSectors,
  listTraffic,
  type ProviderStatus,
  type Reloaded,
  reloadConfig,
} from '../http/admin-operations.ts'
export { withoutPassword } from '../queue/without-password.ts'
export type { SectorLife, SectorUnderWay } from '../sectors/sector-life.ts'
export { type VolumeRole, type VolumeUsage, volumeRoles } from '../storage/volumes.ts'
export { type EndingCosts, endingCosts, SectorNotProvenError } from './ending-costs.ts'
export { type FindProviderInput, findProvider, ProviderUnknownError } from './find-provider.ts'
export { type ExitProgress, endAsk, type Left, leave, readExit } from './leave.ts'
export {
  declareAsOwner,
  type OutageCosts,
  type OutagePlan,
  planOutage,
  planReturn,
  type RecoveryPlan,
} from './maintenance.ts'
export {
  depositCollateral,
  extendSectors,
  type OwnerContext,
  terminateSectors,
  withdrawCollateral,
} from './owner-messages.ts'
export { type ExitPlan, type ExitState, planExit } from './plan-exit.ts'
export { type Money, readMoney } from './read-money.ts'
export {
  type CheckedSector,
  checkSectors,
  type FaultySector,
  type PartitionProving,
  type ProvingSources,
  provingFaults,
  provingHistory,
  provingStatus,
} from './read-proving.ts'
export { type Registered, registerAsOwner } from './register.ts'
export { boundsMissing, type KeyBounds, keyBoundsOf, makeNextKey, type NextKey, tellNextKey } from './rotate-key.ts'
export { readSectorsUnderWay, sectorLife } from './sector-life.ts'
export { sectorsOnChain } from './sectors-on-chain.ts'
export { addVolume, detachVolume, drainVolume, readVolumes } from './volumes.ts'
