/** GET /v1/proofs/{key}: a record of the state with its proof, against the app hash that the next header names. */
import { toHex } from '@granary/base'
import { getProof } from '@granary/protocol/chain-api'
import type { OutsideProofView, ProofView, TreeProofView } from '@granary/protocol/client'
import { isInTree } from '@granary/protocol/header'
import { type ServedOperation, serve } from '@granary/protocol/http'
import type { NodeOperation } from '@granary/protocol/operation'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Engine } from '../../engine/engine.ts'
import { encodeOutside, proveState, type StateReader, treeRootOf } from '../../state/index.ts'
import type { Store } from '../../store/open-store.ts'
import { NotFoundError } from '../errors.ts'

interface ProofParts {
  readonly engine: Engine
  readonly store: Store
}

export function proofRoutes({ engine, store }: ProofParts): ServedOperation<NodeOperation>[] {
  return [
    serve(getProof, async ({ params: { key }, query }): Promise<ProofView> => {
      const head = store.head()?.height ?? 0
      const stateHeight = query.height ?? Math.max(0, head - 1)
      const state = stateHeight < head ? store.readerAt(stateHeight) : undefined
      if (state === undefined) throw notKept(stateHeight)
      const value = state.get(key)
      // Before the header is asked for: in the meantime the state may become too old to be read.
      const proof = isInTree(key) ? treeProof(state, key) : outsideProof(state)
      const next = await engine.signedHeader(stateHeight + 1)
      if (next === undefined) throw notKept(stateHeight)
      return {
        height: head,
        stateHeight,
        key,
        value: value === undefined ? null : toHex(value),
        proof,
        header: toHex(next.bytes),
        signature: toHex(next.signature),
      }
    }),
  ]
}

function notKept(stateHeight: number): NotFoundError {
  const hint =
    'the states of the hundred blocks before the head can be proven; leave the height out for the newest of them'
  return new NotFoundError('STATE_NOT_FOUND', String(stateHeight), hint)
}

function treeProof(state: StateReader, key: string): TreeProofView {
  const { siblings, leaf } = proveState(state, key)
  return {
    type: 'tree',
    siblings: siblings.map(toHex),
    leaf: leaf === undefined ? null : { path: toHex(leaf.path), valueHash: toHex(leaf.valueHash) },
    outsideHash: toHex(sha256(encodeOutside(state))),
  }
}

function outsideProof(state: StateReader): OutsideProofView {
  return { type: 'outside', treeRoot: toHex(treeRootOf(state)), outside: toHex(encodeOutside(state)) }
}
