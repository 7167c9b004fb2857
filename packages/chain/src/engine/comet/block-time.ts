/** CometBFT counts nanoseconds since 1970, Granary milliseconds: a block's time is rounded down, on every node alike. */
import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp'

const NANOS_A_MS = 1_000_000

/** Blocks of CometBFT are a millisecond apart at least, so that rounded times rise too. */
export function msOf({ seconds, nanos }: Timestamp): number {
  return Number(seconds) * 1_000 + Math.floor(nanos / NANOS_A_MS)
}
