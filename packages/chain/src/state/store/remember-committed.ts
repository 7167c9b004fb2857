/**
 * The committed state, of which each record is read and decoded once between two blocks: messages that come in ask for the same
 * few, and a proposal is executed over what it was prepared over. The app hash tells one state from another, so what is
 * remembered is never that of an older one.
 */
import { equalBytes } from '@granary/base'
import { APP_HASH_KEY } from '@granary/protocol/header'
import { type Entry, type EntryReader, entryOfBytes, type StateReader } from './store.ts'

/** Then all are forgotten: a block over a large state reads as many. */
const ENTRIES_MAX = 8_192

/** @returns gives the state as it is now, good until the next block */
export function rememberCommitted(reader: StateReader, entriesMax: number = ENTRIES_MAX): () => EntryReader {
  const entries = new Map<string, Entry | undefined>()
  let appHash: Uint8Array | undefined

  function entry(key: string): Entry | undefined {
    if (entries.has(key)) return entries.get(key)
    const bytes = reader.get(key)
    const read = bytes === undefined ? undefined : entryOfBytes(bytes)
    if (entries.size >= entriesMax) entries.clear()
    entries.set(key, read)
    return read
  }

  const committed: EntryReader = {
    entry,
    get: (key) => entry(key)?.bytes(),
    range: (prefix, after) => reader.range(prefix, after),
  }

  return () => {
    const now = reader.get(APP_HASH_KEY)
    if (now === undefined || appHash === undefined || !equalBytes(now, appHash)) entries.clear()
    appHash = now
    return committed
  }
}
