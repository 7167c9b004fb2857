/** How much of an aggregate its index takes, and where it begins (FRC-0058, as go-data-segment computes it). */
import { ENTRY_BYTES } from './index-entry.ts'

const ENTRIES_MIN = 4
/** One entry for every 2 KiB of the aggregate, counted as 64 bytes: the index is a 2,048th of it. */
const SHARE = 2048

/** max(4, nextPow2(paddedSize / 2048 / 64)). @param paddedSize of the aggregate, a power of two */
export function indexEntriesMax(paddedSize: number): number {
  return Math.max(ENTRIES_MIN, paddedSize / SHARE / ENTRY_BYTES)
}

/** The index fills the end of the aggregate. */
export function indexStart(paddedSize: number): number {
  return paddedSize - indexEntriesMax(paddedSize) * ENTRY_BYTES
}
