/**
 * The way into the pool: signatures and proofs are verified on other threads, and then the state machine says whether a
 * block could take the message. What is cheap to see comes first: the sender's own signature, its sequence, its cover and
 * its place; then the signatures that it brings, its proof, and what it does. Those of one lane come in in their order; of the answers to one challenge one is verified
 * at a time, so that what is wrong is counted before the next one costs anything.
 */
import type { ErrorCode } from '@granary/base'
import {
  classOf,
  type Epoch,
  type Hash,
  hashOf,
  SESSION_SIGNATURE_BYTES,
  type Transaction,
  unitsOf,
} from '@granary/protocol/messages'
import type { AcceptedTx, RefusedTx, Senders, StateMachine, TxVerdict } from '../../state/index.ts'
import { TxRefusedError } from '../errors.ts'
import { signedDigests } from '../verification/signed-digests.ts'
import type { SignedDigest } from '../verification/tasks.ts'
import { createLineUp } from './line-up.ts'
import type { Mempool } from './mempool.ts'
import type { Dropped, PendingTx } from './pending-tx.ts'
import { ProofAttemptsSpentError } from './proof-attempts-spent-error.ts'
import { createWorkBudget } from './work-budget.ts'
import { type About, createWrongProofs } from './wrong-proofs.ts'

/** Verifies ahead of the state machine, so that its own checks find verdicts ready. */
export interface VerificationAhead {
  digestOf(genesisHash: Hash, bytes: Uint8Array, tx: Transaction): Promise<Uint8Array>
  prepareSigners(signed: readonly SignedDigest[]): Promise<void>
  withProofs<T>(check: () => T): Promise<T>
}

export interface AdmissionParts {
  readonly genesisHash: Hash
  readonly blockTimeMs: number
  readonly machine: StateMachine
  readonly pool: Mempool
  readonly senders: Senders
  readonly verification: VerificationAhead
  /** Of the head. */
  readonly height: () => Epoch
  /** Asked again after each wait: the node may have stopped, or the same transaction come in. @throws when it has stopped */
  readonly isKnown: (id: Hash) => boolean
  readonly onDropped: (dropped: readonly Dropped[]) => void
}

interface SentTx {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  /** What its sender signs, when it is hashed. */
  readonly digest: Promise<Uint8Array>
}

export interface Admission {
  /**
   * In line from the call on, however long its digest takes.
   * @returns its id; one that is known already is not looked at again
   * @throws TransactionDecodeError, TxRefusedError, ProofAttemptsSpentError, VerificationQueueFullError and what the pool's
   * `add` throws
   */
  submit(bytes: Uint8Array): Promise<Hash>
  /** A block has come. */
  settle(): void
}

const HOUR_MS = 3_600_000
const WRONG_PROOF: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['POST_INVALID', 'POREP_INVALID', 'BUNDLE_LENGTH_WRONG'])

export function createAdmission(parts: AdmissionParts): Admission {
  const { machine, pool, senders, verification, height, isKnown } = parts
  const lanes = createLineUp()
  const subjects = createLineUp()
  const wrong = createWrongProofs(() => height() + 1)
  const budget = createWorkBudget()

  function check(bytes: Uint8Array, tx: Transaction, id: Hash): TxVerdict | undefined {
    if (isKnown(id)) return undefined
    const before = pool.pendingInLane(tx.sender, tx.lane, tx.sequence)
    const replaces = pool.pendingInLane(tx.sender, tx.lane) > before
    const executes = !replaces && budget.allows(tx.sender)
    return machine.checkTx(bytes, before, { executes })
  }

  /** What is refused after the cheap checks was work in vain; of proofs the wrong ones are counted instead. */
  function charge({ kind, sender }: Transaction, bytes: Uint8Array): void {
    if (classOf(kind) === 'general') budget.spend(sender, unitsOf(kind, bytes.length))
  }

  async function admitNow(bytes: Uint8Array, tx: Transaction, signed: SignedDigest): Promise<void> {
    const id = hashOf(signed.digest)
    const about = aboutOf(tx, signed)
    if (about !== undefined) refuseKnown(about, id)
    const { kind, sender, lane, sequence } = tx
    const pendingOf = ({ class: txClass, units, claim }: AcceptedTx, checkMs: number): PendingTx => {
      return { id, bytes, kind, sender, lane, sequence, class: txClass, units, claim, checkMs }
    }
    await verification.prepareSigners([signed])
    if (isKnown(id)) return
    const sent = machine.checkSender(bytes, pool.pendingInLane(sender, lane, sequence))
    if (sent.code !== 'OK') throw new TxRefusedError(sent)
    pool.check(pendingOf(sent, 0))

    const [, ...brought] = signedDigests(parts.genesisHash, tx, signed)
    if (brought.length > 0) await verification.prepareSigners(brought)
    const startedAt = performance.now()
    const take = (): RefusedTx | undefined => {
      const verdict = check(bytes, tx, id)
      if (verdict === undefined) return undefined
      if (verdict.code !== 'OK') {
        charge(tx, bytes)
        return verdict
      }
      try {
        parts.onDropped(pool.add(pendingOf(verdict, performance.now() - startedAt)))
      } catch (error) {
        charge(tx, bytes)
        throw error
      }
      return undefined
    }
    const refusal = about === undefined ? take() : await verification.withProofs(take)
    if (refusal === undefined) return
    if (about !== undefined && WRONG_PROOF.has(refusal.code) && isProven(about, refusal)) wrong.note(about, id, refusal)
    throw new TxRefusedError(refusal)
  }

  function refuseKnown(about: About, id: Hash): void {
    const known = wrong.known(about, id)
    if (known === undefined) return
    if (known !== 'spent') throw new TxRefusedError(known)
    throw about.type === 'seal'
      ? new ProofAttemptsSpentError(
          `sector ${about.provider}/${about.sector}`,
          'another one is verified within the hour',
        )
      : new ProofAttemptsSpentError(
          `the challenge of epoch ${about.epoch} of partition ${about.provider}/${about.partition}`,
          'another one is verified when the next challenge has been drawn',
        )
  }

  function admit(tx: Transaction, { bytes, signature, digest: hashing }: SentTx): Promise<Hash> {
    // It may fail while others of the lane are looked at, and is asked for after them.
    hashing.catch(() => undefined)
    return lanes.run(`${tx.sender}/${tx.lane}`, async () => {
      const signed = { digest: await hashing, signature }
      const id = hashOf(signed.digest)
      if (isKnown(id)) return id
      const about = aboutOf(tx, signed)
      const admitting = (): Promise<void> => admitNow(bytes, tx, signed)
      await (about === undefined ? admitting() : subjects.run(`${tx.sender} ${JSON.stringify(about)}`, admitting))
      return id
    })
  }

  return {
    async submit(bytes) {
      const { tx, signature, isUsed, refused } = machine.checkEnvelope(bytes)
      // A message in a block or in the pool is found by its digest; any other that is refused here is never hashed.
      const mayBeKnown = isUsed || pool.pendingInLane(tx.sender, tx.lane) > 0
      if (refused !== undefined && !mayBeKnown) throw new TxRefusedError(refused)
      const digest = verification.digestOf(parts.genesisHash, bytes, tx)
      if (refused === undefined) return admit(tx, { bytes, signature, digest })
      const id = hashOf(await digest)
      if (isKnown(id)) return id
      throw new TxRefusedError(refused)
    },
    settle() {
      budget.renew()
      const hour = Math.ceil(HOUR_MS / parts.blockTimeMs)
      wrong.forget((about, since) =>
        about.type === 'seal'
          ? height() >= since + hour
          : !senders.openChallenges(about.provider, about.partition).includes(about.epoch),
      )
    },
  }
}

/** A length is wrong at once, but only of a challenge it costs nothing to see. */
function isProven(about: About, { code }: RefusedTx): boolean {
  return about.type === 'seal' || code === 'POST_INVALID'
}

/** What a message proves, if it does. */
function aboutOf(tx: Transaction, { signature }: SignedDigest): About | undefined {
  if (tx.kind === 'ProveCommitSector') return { type: 'seal', provider: tx.body.provider, sector: tx.body.number }
  if (tx.kind !== 'SubmitPost') return undefined
  const { provider, partition, challengeEpoch: epoch } = tx.body
  const by = signature.length === SESSION_SIGNATURE_BYTES ? 'session' : 'account'
  return { type: 'answer', provider, partition, epoch, by }
}
