/** A chain in memory with the pool of a node before it: what is submitted waits, and each block takes what the pool offers. */

import { fromHex, toHex } from '@granary/base'
import type { Address, Hash, Signer } from '@granary/protocol/messages'
import { createAdmission } from '../src/engine/admission/create-admission.ts'
import type { Dropped } from '../src/engine/admission/pending-tx.ts'
import type { Pool } from '../src/engine/pool/create-pool.ts'
import { createStatePool } from '../src/engine/pool/create-state-pool.ts'
import { type FinalizedBlock, sendersOf, touchedBy, type Verifiers } from '../src/state/index.ts'
import { claimedProofs } from './claimed-proofs.ts'
import type { TestChain } from './test-chain.ts'

export interface PoolNode {
  readonly pool: Pool
  readonly dropped: Dropped[]
  /** Signatures that were verified ahead of the state machine. */
  readonly signatures: number
  submit(bytes: Uint8Array): Promise<Hash>
  /** @returns OK, or the code of the refusal */
  tries(bytes: Uint8Array): Promise<string>
  /** The next block, of what the pool offers. */
  produce(): FinalizedBlock
}

export function createPoolNode(chain: TestChain): PoolNode {
  const { machine, state, genesisHash, genesis } = chain
  const senders = sendersOf(state)
  const pool = createStatePool({ machine, reader: state })
  const committed = new Set<Hash>()
  const dropped: Dropped[] = []
  let signatures = 0
  const onDropped = (each: readonly Dropped[]): void => void dropped.push(...each)
  const admission = createAdmission({
    genesisHash,
    blockTimeMs: genesis.blockTimeMs,
    machine,
    pool,
    senders,
    verification: {
      digestOf: async (_, bytes, tx) => chain.digestOf(bytes, tx),
      prepareSigners: async (signed) => {
        signatures += signed.length
      },
      withProofs: async (check) => check(),
    },
    height: () => chain.height,
    isKnown: (id) => committed.has(id) || pool.get(id) !== undefined,
    onDropped,
  })

  const self: PoolNode = {
    pool,
    dropped,
    get signatures() {
      return signatures
    },
    submit: admission.submit,
    tries: async (bytes) => {
      try {
        await self.submit(bytes)
        return 'OK'
      } catch (error) {
        if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code)
        throw error
      }
    },
    produce: () => {
      const turn = pool.turn(onDropped)
      const finalized = chain.produce(turn.candidates, { onOutcome: turn.onOutcome })
      const included = finalized.results.flatMap(({ id }) => id ?? [])
      for (const id of included) committed.add(id)
      onDropped(pool.settle({ included, touched: touchedBy(finalized.writes.keys()) }))
      admission.settle()
      return finalized
    },
  }
  return self
}

const SIGNATURE_BYTES = 65

/** Signs by its name alone, so that a test can have thousands of messages. */
export function claimedSigner(address: Address): Signer {
  const signature = new Uint8Array(SIGNATURE_BYTES)
  signature.set(fromHex(address))
  return { address, sign: () => signature }
}

/** Takes who signs at its word, by that and by a real key; and proofs too. */
export const claimedSigners: Verifiers = {
  ...claimedProofs,
  signer: (digest, signature) => {
    const isClaimed = signature.length === SIGNATURE_BYTES && signature.subarray(20).every((byte) => byte === 0)
    if (!isClaimed) return claimedProofs.signer(digest, signature)
    return { type: 'account', address: toHex(signature.subarray(0, 20)) }
  },
}
