/** `@granary/bench/client`: how fast content comes back here. Node only. */
export { benchGet } from './bench-get.ts'
