/** `@granary/bench/network`: how fast several validators agree here. Node only. */
export { benchAgreement, type NetworkBenchOptions } from './bench-agreement.ts'
export { benchSeal } from './bench-seal.ts'
