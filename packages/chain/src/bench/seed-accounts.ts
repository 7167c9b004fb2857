/** Fills a state that holds its genesis with accounts: money that the first account gives away, as transfers would. */

import type { Address } from '../messages/index.ts'
import { writeAppHash } from '../state/app-hash.ts'
import { credit, debit } from '../state/ledger.ts'
import { createOverlay } from '../state/store.ts'
import type { Store } from '../store/open-store.ts'
import { addressAt, fakeHash } from './transfers-of.ts'

const PER_COMMIT = 10_000
const BALANCE = 10n ** 15n

export function seedAccounts(store: Store, from: Address, accounts: number, onProgress: (done: number) => void): void {
  const commits = Math.ceil(accounts / PER_COMMIT)
  for (let commit = 0; commit < commits; commit += 1) {
    const overlay = createOverlay(store.reader)
    for (let index = commit * PER_COMMIT; index < Math.min(accounts, (commit + 1) * PER_COMMIT); index += 1) {
      debit(overlay, from, BALANCE)
      credit(overlay, addressAt(index), BALANCE)
    }
    const appHash = writeAppHash(overlay)
    // They stand before block 0, so that the blocks that are measured come behind it as usual.
    const height = commit - commits
    store.commitBlock({
      block: {
        height,
        timeMs: 0,
        hash: fakeHash(commit),
        header: new Uint8Array(),
        signature: new Uint8Array(),
        appHash,
      },
      txs: [],
      events: [],
      writes: overlay.writes(),
    })
    onProgress((commit + 1) * PER_COMMIT)
  }
}
