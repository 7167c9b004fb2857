/** The entries of an aggregate's index, read back from its data (FRC-0058). No node: imports. */
import { padFr32 } from '../../spec/fr32.ts'
import { decodeIndexEntry, ENTRY_BYTES, type IndexEntry } from './index-entry.ts'

/**
 * The valid entries, in order; others are left out as the FRC asks: an aggregator may have written anything.
 * @param payload unpadded bytes of the index, from its beginning
 */
export function readIndex(payload: Uint8Array): IndexEntry[] {
  const nodes = padFr32(payload)
  const entries: IndexEntry[] = []
  for (let at = 0; at < nodes.length; at += ENTRY_BYTES) {
    const entry = decodeIndexEntry(nodes.subarray(at, at + ENTRY_BYTES))
    if (entry !== undefined) entries.push(entry)
  }
  return entries
}
