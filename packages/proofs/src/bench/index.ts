/** Measuring: how fast pieces, sealing and proofs are here, in seconds and in units of this machine. Node only. */
export { benchCommp } from './bench-commp.ts'
export type { BenchInput, BenchOptions, SealedBenchInput } from './bench-input.ts'
export { benchLabel } from './bench-label.ts'
export { benchParents } from './bench-parents.ts'
export { benchPorep } from './bench-porep.ts'
export { benchPost } from './bench-post.ts'
export { benchSeal } from './bench-seal.ts'
export type { Figure } from './figure.ts'
