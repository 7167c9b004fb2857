/** `@granary/sim`: whole markets in one process. */
export type { Costs } from './costs.ts'
export {
  type Exit,
  type LeavingCase,
  type LeavingReport,
  type LeavingResult,
  type LeavingVariant,
  simulateLeaving,
} from './long-deals.ts'
export type { Flows } from './money.ts'
export type { Comparison, GroupReport, SimReport, StrategyReport } from './report.ts'
export { type SimControl, type SimOptions, SimOptionsError, type SimProgress, simBounds, simulate } from './simulate.ts'
export {
  type Lacking,
  type SkipCase,
  type SkippingReport,
  type SkipResult,
  type SkipSituation,
  simulateSkipping,
} from './skipping.ts'
