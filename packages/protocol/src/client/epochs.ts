/** What an epoch is in time, as the head shows it: blocks that are to come may be early or late, so what is said of them is an estimate. */
import type { ChainStatus } from '../chain-api/answers.ts'

/** The head and the block time, as `ChainClient.status` has them. */
export type ChainTime = Pick<ChainStatus, 'height' | 'timeMs' | 'blockTimeMs'>

/** The least number of epochs that last so long: nobody gets less than was asked for. */
export function epochsIn(ms: number, { blockTimeMs }: Pick<ChainTime, 'blockTimeMs'>): number {
  return Math.ceil(ms / blockTimeMs)
}

/** Milliseconds since 1970. */
export function epochTimeMs(epoch: number, { height, timeMs, blockTimeMs }: ChainTime): number {
  return timeMs + (epoch - height) * blockTimeMs
}
