/** Block 0: the state that the genesis describes, before anything has happened. */

import { type Header, hashTxs, type SignedHeader } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import type { StateMachine } from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'
import { commitBlock } from './commit-block.ts'
import { ZERO_HASH } from './verify-head.ts'

export interface CommitGenesisInput {
  readonly store: Store
  readonly machine: StateMachine
  readonly genesis: Genesis
  /** As the engine signs headers. */
  readonly sign: (header: Omit<Header, 'validator'>) => SignedHeader
}

export function commitGenesis({ store, machine, genesis, sign }: CommitGenesisInput): void {
  const finalized = machine.initChain(genesis)
  const { timeMs } = genesis
  const previousHash = genesisHash(genesis)
  const header = sign({ height: 0, timeMs, previousHash, txsHash: hashTxs([]), appHash: ZERO_HASH })
  commitBlock(store, { block: { height: 0, timeMs, txs: [] }, header, finalized })
}
