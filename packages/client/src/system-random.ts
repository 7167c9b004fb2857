/** The platform's own randomness: in Node and in a browser alike. */
import type { Random } from './ports.ts'

export const systemRandom: Random = { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) }
