/** A node that is never killed: it executes the blocks that another one has stored, and compares each app hash. */

import type { Hash } from '@granary/protocol/messages'
import { createStateMachine, readGenesis } from '../src/state/index.ts'
import { dealKeys } from '../src/store/deal-keys.ts'
import { openStore } from '../src/store/open-store.ts'
import { applyBlock } from '../src/upkeep/apply-block.ts'
import { openChain } from '../src/upkeep/open-chain.ts'

export interface ShadowNode {
  readonly height: number
  /**
   * Goes on to the head of the chain in `home`, in which no node may run.
   * @throws Error when a block does not have the app hash that was stored, or one of `txs` is not there
   */
  catchUp(home: string, txs: readonly Hash[]): void
  close(): void
}

export function createShadowNode(): ShadowNode {
  const shadow = openStore({ path: ':memory:', dealKeys })
  const machine = createStateMachine({ reader: shadow.reader })
  let height = -1
  return {
    get height() {
      return height
    },
    catchUp(home, txs) {
      const { store, head } = openChain(home)
      try {
        if (head.height < height) throw new Error(`block ${height} was there, now the head is ${head.height}`)
        while (height < head.height) {
          const block = store.block(height + 1)
          if (block === undefined) throw new Error(`block ${height + 1} is missing`)
          const finalized = height < 0 ? machine.initChain(readGenesis(store.reader)) : undefined
          if (finalized !== undefined) {
            shadow.commitBlock({ block, txs: [], events: finalized.events, writes: finalized.writes })
          }
          const { appHash } =
            finalized ??
            applyBlock({ machine, store: shadow, block, txs: store.txBytesOf(block.height).map((bytes) => bytes!) })
          if (appHash !== block.appHash)
            throw new Error(`block ${block.height}: ${block.appHash}, should be ${appHash}`)
          height = block.height
        }
        for (const id of txs) if (store.tx(id) === undefined) throw new Error(`${id} was acknowledged and is lost`)
      } finally {
        store.close()
      }
    },
    close: () => shadow.close(),
  }
}
