/**
 * `@granary/chain/internal`: parts of the node for programs of this repository that measure it from inside. Nothing here is
 * promised to anybody: it may be another thing in the next release.
 */
export { commitGenesis } from './engine/commit/commit-genesis.ts'
export { createHeaderSigner } from './engine/commit/create-header-signer.ts'
export { homeFiles } from './home/home-files.ts'
export { type ChainHome, readHome } from './home/read-home.ts'
export { beginBlock, endBlock } from './state/machine/block-bounds.ts'
export { createChecks } from './state/machine/checks.ts'
export { applyMessage } from './state/machine/effects.ts'
export { beaconEntry, isRoundWanted } from './state/messages/beacon-entry.ts'
export { credit, debit } from './state/money/ledger.ts'
export { partitionOf } from './state/proving/partitions.ts'
export { sectorExpiryMax } from './state/proving/sector-expiry-max.ts'
export { derivedRecords, writeAppHash } from './state/store/app-hash.ts'
export type { TxContext } from './state/store/context.ts'
export { createOverlay, type Store as StateStore } from './state/store/store.ts'
export { tables } from './state/store/tables.ts'
export { dealKeys } from './store/deal-keys.ts'
export { openStore, type Store } from './store/open-store.ts'
