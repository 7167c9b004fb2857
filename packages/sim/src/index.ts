/** `@granary/sim`: whole markets in one process. */
export type { Costs } from './costs.ts'
export type { Flows } from './money.ts'
export type { Comparison, GroupReport, SimReport, StrategyReport } from './report.ts'
export { type SimControl, type SimOptions, SimOptionsError, type SimProgress, simBounds, simulate } from './simulate.ts'
