/**
 * Verifies signatures and large proofs on threads of this process, before a transaction is checked, so that the state
 * machine finds the verdicts ready and blocks and answers go on meanwhile. A thread that dies costs time and nothing
 * else: what has no verdict is verified where it is asked for.
 */
import { availableParallelism } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { type PoRepInput, type PostInput, type Verdict, verifyPoRep, verifyPost } from '@granary/proofs/verify'
import { type Hash, type SignedBy, type Transaction, transactionDigest } from '@granary/protocol/messages'
import type { Verifiers } from '../../state/index.ts'
import { VerificationQueueFullError } from '../errors.ts'
import { recoverSigner } from './recover-signer.ts'
import type { SignedDigest } from './tasks.ts'
import { createVerificationThread, type VerificationThread } from './verification-thread.ts'

export interface ThreadedVerifiers {
  /** For the state machine: each verdict that is ready, and the verification itself where none is. */
  readonly verifiers: Verifiers
  /**
   * What the sender of a transaction signs, hashed once: the state machine finds it by the same bytes.
   * @throws VerificationQueueFullError
   */
  digestOf(genesisHash: Hash, bytes: Uint8Array, tx: Transaction): Promise<Uint8Array>
  /** Resolves when the verdicts of these signatures are ready. @throws VerificationQueueFullError */
  prepareSigners(signed: readonly SignedDigest[]): Promise<void>
  /**
   * Runs `check` with the large proofs that it meets verified beforehand: from the start for each of them, so that it may
   * have no effect before its last proof.
   * @throws VerificationQueueFullError and what `check` throws
   */
  withProofs<T>(check: () => T): Promise<T>
  stop(): Promise<void>
}

export interface ThreadedVerifiersOptions {
  /** @default one less than the machine has cores, and at least one */
  readonly threads?: number
  readonly log: (event: VerificationEvent) => void
}

export interface VerificationEvent {
  readonly type: 'verification:thread-lost'
  readonly message: string
}

/** Below this, sending a proof to another thread takes longer than it keeps this one free. */
const LARGE_PROOF_BYTES = 128 * 1024
/** The same of a transaction that is only hashed: a mebibyte takes about twenty milliseconds. */
const LARGE_TX_BYTES = 16 * 1024
/** The state machine remembers what it has asked for once; these wait only for that. */
const VERDICTS_MAX = 8_192
const WAITING_MAX = 4_096

type ProofTask =
  | { readonly type: 'poRep'; readonly input: PoRepInput }
  | { readonly type: 'post'; readonly input: PostInput }

interface VerifiedProof {
  readonly task: ProofTask
  readonly verdict: Verdict
}

/** Leaves a check that met a proof which is to be verified elsewhere first. */
class ProofWanted extends Error {
  readonly task: ProofTask
  constructor(task: ProofTask) {
    super(`a ${task.type} proof is to be verified`)
    this.task = task
  }
}

export function createVerifiers({
  threads = Math.max(1, availableParallelism() - 1),
  log,
}: ThreadedVerifiersOptions): ThreadedVerifiers {
  const pool: VerificationThread[] = Array.from({ length: threads }, () =>
    createVerificationThread((message) => log({ type: 'verification:thread-lost', message })),
  )
  const digests = new WeakMap<Uint8Array, Uint8Array>()
  const signers = new Map<string, SignedBy | undefined>()
  let collecting = false
  let ready: readonly VerifiedProof[] = []

  function leastBusy(): VerificationThread | undefined {
    const alive = pool.filter((thread) => thread.alive)
    const thread = alive.reduce<VerificationThread | undefined>(
      (best, other) => (best === undefined || other.waiting < best.waiting ? other : best),
      undefined,
    )
    if (thread !== undefined && thread.waiting >= WAITING_MAX) throw new VerificationQueueFullError(WAITING_MAX)
    return thread
  }

  function proof(task: ProofTask, verify: () => Verdict): Verdict {
    const known = ready.find((each) => isDeepStrictEqual(each.task, task))
    if (known !== undefined) return known.verdict
    if (collecting && task.input.bundle.length >= LARGE_PROOF_BYTES) throw new ProofWanted(task)
    return verify()
  }

  /** @returns the proof that stands in the way of the check's result */
  function attempt<T>(check: () => T, verified: readonly VerifiedProof[]): { readonly result: T } | ProofWanted {
    collecting = true
    ready = verified
    try {
      return { result: check() }
    } catch (thrown) {
      if (thrown instanceof ProofWanted) return thrown
      throw thrown
    } finally {
      collecting = false
      ready = []
    }
  }

  return {
    verifiers: {
      signer: (digest, signature) => {
        const key = keyOf(digest, signature)
        return signers.has(key) ? signers.get(key) : recoverSigner(digest, signature)
      },
      digest: (bytes) => digests.get(bytes),
      poRep: (input) => proof({ type: 'poRep', input }, () => verifyPoRep(input)),
      post: (input) => proof({ type: 'post', input }, () => verifyPost(input)),
    },
    async digestOf(genesisHash, bytes, tx) {
      const isLarge = bytes.length >= LARGE_TX_BYTES
      const elsewhere = isLarge ? await leastBusy()?.ask({ type: 'digest', genesisHash, bytes }) : undefined
      const digest = elsewhere ?? transactionDigest(genesisHash, tx)
      digests.set(bytes, digest)
      return digest
    },
    async prepareSigners(signed) {
      const verdicts = await leastBusy()?.ask({ type: 'signers', signed })
      for (const [index, { digest, signature }] of signed.entries()) {
        if (verdicts === undefined) continue
        if (signers.size >= VERDICTS_MAX) signers.delete(signers.keys().next().value!)
        signers.set(keyOf(digest, signature), verdicts[index])
      }
    },
    async withProofs(check) {
      const verified: VerifiedProof[] = []
      for (;;) {
        const outcome = attempt(check, verified)
        if (!(outcome instanceof ProofWanted)) return outcome.result
        const { task } = outcome
        const verdict = await leastBusy()?.ask(task)
        if (verdict === undefined) return check()
        verified.push({ task, verdict })
      }
    },
    async stop() {
      await Promise.all(pool.map((thread) => thread.stop()))
    },
  }
}

function keyOf(digest: Uint8Array, signature: Uint8Array): string {
  return Buffer.concat([digest, signature]).toString('latin1')
}
