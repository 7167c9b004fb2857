/** Block 0: the state that the genesis describes, before anything has happened. */

import { hashTxs } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import type { StateMachine } from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'
import { commitBlock } from './commit-block.ts'
import { createHeaderSigner } from './create-header-signer.ts'
import { ZERO_HASH } from './verify-head.ts'

export interface CommitGenesisInput {
  readonly store: Store
  readonly machine: StateMachine
  readonly genesis: Genesis
  readonly validatorKey: Uint8Array
}

export function commitGenesis({ store, machine, genesis, validatorKey }: CommitGenesisInput): void {
  const finalized = machine.initChain(genesis)
  const { timeMs } = genesis
  const sign = createHeaderSigner(genesis, validatorKey)
  const previousHash = genesisHash(genesis)
  const header = sign({ height: 0, timeMs, previousHash, txsHash: hashTxs([]), appHash: ZERO_HASH })
  commitBlock(store, { block: { height: 0, timeMs, txs: [] }, header, finalized })
}
