/** `@granary/bench/client`: how fast content is made ready to be stored, and comes back, and how soon the program answers. Node only. */
export { benchGet } from './bench-get.ts'
export { benchPrice } from './bench-price.ts'
export { benchStart, type ProgramBenchOptions } from './bench-start.ts'
export { benchStore } from './bench-store.ts'
