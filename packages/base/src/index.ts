/** The ground floor: what every package would else write for itself. Runs in a browser too. */
export { equalBytes } from './equal-bytes.ts'
export { GranaryError, type GranaryErrorOptions, isAbortError, type WireError } from './granary-error.ts'
export { fromHex, type Hex, isHex, toHex } from './hex.ts'
export { pause, sleep } from './sleep.ts'
