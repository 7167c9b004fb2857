/** `@granary/bench/chain`: how fast a chain is here. Node only. */
export { benchExecution } from './bench-execution.ts'
export { benchGrowth, type GrowthOptions } from './bench-growth.ts'
export { benchLargeState, type LargeStateOptions } from './bench-large-state.ts'
export { benchPublish } from './bench-publish.ts'
export { benchTransfers } from './bench-transfers.ts'
export type { BenchOptions, ChainFigure } from './figure.ts'
