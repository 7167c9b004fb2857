/** How surely a loss is found, and how many samples that takes. Pure, runs in a browser. */
export { countFor } from './count-for.ts'
export { SoundnessInputError } from './limits.ts'
export { type Loss, soundness } from './soundness.ts'
