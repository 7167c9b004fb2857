/**
 * Transactions that wait, found by their bytes: CometBFT speaks of bytes alone, in a mempool and in proposals, and each time
 * brings them in another buffer. Given the same array again, whatever was found out about it once is not found out again.
 */
import { hash } from 'node:crypto'
import type { Hash } from '@granary/protocol/messages'

export interface KnownTx {
  readonly id: Hash
  readonly bytes: Uint8Array
}

export interface KnownTxs {
  add(id: Hash, bytes: Uint8Array): void
  /** The array that was added with these bytes; the given one where none was. */
  sameBytes(bytes: Uint8Array): Uint8Array
  idOf(bytes: Uint8Array): Hash | undefined
  all(): Iterable<KnownTx>
  /** Forgets those that no longer wait. */
  keep(waits: (id: Hash) => boolean): void
}

export function createKnownTxs(): KnownTxs {
  const known = new Map<string, KnownTx>()
  const of = (bytes: Uint8Array): KnownTx | undefined => known.get(keyOf(bytes))
  return {
    add: (id, bytes) => void known.set(keyOf(bytes), { id, bytes }),
    sameBytes: (bytes) => of(bytes)?.bytes ?? bytes,
    idOf: (bytes) => of(bytes)?.id,
    all: () => known.values(),
    keep(waits) {
      for (const [key, { id }] of known) if (!waits(id)) known.delete(key)
    },
  }
}

function keyOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64')
}
