/** `@granary/bench/client`: how fast content is made ready to be stored, and comes back. Node only. */
export { benchGet } from './bench-get.ts'
export { benchStore } from './bench-store.ts'
