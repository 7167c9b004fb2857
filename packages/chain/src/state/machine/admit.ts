/**
 * What a transaction must be to enter a block at all: well-formed, signed by who may sign it, next in its lane, in time,
 * and able to pay its fee. docs/spec/chain.md section 1.
 */
import { GranaryError } from '@granary/base'
import {
  type AttoGrn,
  classOf,
  feeOf,
  formatGrn,
  GENERAL_LANES,
  type Hash,
  hashOf,
  sessionKeyOf,
  type Transaction,
  type TransactionClass,
  unitsOf,
} from '@granary/protocol/messages'
import { bytesToHex } from '@noble/hashes/utils.js'
import { requireOwner } from '../access/require-provider.ts'
import { requireLimit } from '../access/spending.ts'
import { checkDeclaration } from '../messages/declare-faults.ts'
import { checkRequest } from '../messages/request-recovery.ts'
import { checkAnswer, openChallenge, verifyAnswer } from '../messages/submit-post.ts'
import { accountOf } from '../money/ledger.ts'
import type { BlockContext } from '../store/context.ts'
import { InadmissibleError, type InadmissibleErrorCode, TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'

export interface Admitted {
  readonly tx: Transaction
  readonly id: Hash
  readonly fee: AttoGrn
  readonly class: TransactionClass
  readonly bytes: number
  readonly units: number
  /** The session key that signed, as hex; undefined for the account's own. */
  readonly sessionKey: string | undefined
  /** What a message of the proving class burns beside its fee, or leaves as a debt. */
  readonly burns: AttoGrn
}

/**
 * @param pendingInLane transactions of the same lane that come before this one and are not in the state yet
 * @throws InadmissibleError
 */
export function admit(context: BlockContext, bytes: Uint8Array, pendingInLane = 0): Admitted {
  const admitted = admitSender(context, bytes, pendingInLane)
  return { ...admitted, burns: checkProving(context, admitted.tx, admitted) }
}

/**
 * The same without the checks of a message of the proving class, which are the expensive part.
 * @throws InadmissibleError
 */
export function admitSender(context: BlockContext, bytes: Uint8Array, pendingInLane: number): Admitted {
  const { tx, signature, digest } = read(() => context.checks.transaction(context.genesisHash, bytes))
  const fee = checkFee(context, tx, bytes.length)
  checkLane(tx)
  checkSequence(context, tx, pendingInLane)
  checkBalance(context, tx, fee)
  const sessionKey = checkSigner(context, tx, digest, signature, fee)
  return {
    tx,
    id: hashOf(digest),
    fee,
    class: classOf(tx.kind),
    bytes: bytes.length,
    units: unitsOf(tx.kind, bytes.length),
    sessionKey,
    burns: 0n,
  }
}

/**
 * What a few reads of the state can tell, before anything is hashed or a signature is verified. Its place in the lane is
 * left to `admit`, since others of the lane may be on their way before it.
 * @throws InadmissibleError
 */
export function checkEnvelope(context: BlockContext, bytes: Uint8Array): void {
  const { tx, signature } = read(() => context.checks.decoded(bytes))
  const fee = checkFee(context, tx, bytes.length)
  checkLane(tx)
  checkBalance(context, tx, fee)
  const publicKey = sessionKeyOf(signature)
  if (publicKey !== undefined) checkKey(context, tx, bytesToHex(publicKey), fee)
  const inner = { ...context, sender: tx.sender }
  admissible(() => {
    if (tx.kind === 'SubmitPost') openChallenge(inner, tx.body)
    if (tx.kind === 'DeclareFaults' || tx.kind === 'RequestRecovery') requireOwner(inner, tx.body.provider)
  })
}

function read<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    throw refusal('TX_MALFORMED', error.message, error.hint)
  }
}

function checkFee({ fees, height }: BlockContext, tx: Transaction, bytes: number): AttoGrn {
  if (tx.validUntil < height) {
    throw refusal('TX_EXPIRED', `it was valid until epoch ${tx.validUntil}, this is ${height}`, 'sign it anew')
  }
  const fee = feeOf(tx.kind, bytes, fees)
  if (tx.maxFee >= fee) return fee
  throw new InadmissibleError('FEE_TOO_LOW', {
    message: `it costs ${formatGrn(fee)} in this block, maxFee is ${formatGrn(tx.maxFee)}`,
    hint: `sign it again with a maxFee above ${formatGrn(fee)}, or send it later: fees fall when blocks are not full`,
    details: { fee: String(fee), maxFee: String(tx.maxFee) },
  })
}

function checkBalance({ store }: BlockContext, { sender }: Transaction, fee: AttoGrn): void {
  const { balance } = accountOf(store, sender)
  if (balance >= fee) return
  throw refusal(
    'INSUFFICIENT_FUNDS',
    `${sender} has ${formatGrn(balance)}, the fee is ${formatGrn(fee)}`,
    'send money to the account first; on a devnet the faucet gives some',
  )
}

/** Lanes are records that stay: general messages have few of them, those of proofs stand behind a partition's deposit. */
function checkLane({ kind, lane }: Transaction): void {
  if (classOf(kind) === 'proving' || lane < GENERAL_LANES) return
  throw refusal(
    'LANE_INVALID',
    `lane ${lane}; ${kind} goes in lanes 0 to ${GENERAL_LANES - 1}`,
    `send it in a lane below ${GENERAL_LANES}; the others are for proofs`,
  )
}

function checkSequence({ store }: BlockContext, tx: Transaction, pendingInLane: number): void {
  const next = (tables.lanes.get(store, tx.sender, tx.lane)?.next ?? 0) + pendingInLane
  if (tx.sequence === next) return
  const code = tx.sequence < next ? 'SEQUENCE_TOO_LOW' : 'SEQUENCE_GAP'
  throw new InadmissibleError(code, {
    message: `lane ${tx.lane} of ${tx.sender} is at sequence ${next}, the transaction has ${tx.sequence}`,
    hint: 'read the sequence of the lane again and sign with it',
    details: { lane: tx.lane, expected: next, actual: tx.sequence },
  })
}

/** @returns the session key that signed */
function checkSigner(
  context: BlockContext,
  tx: Transaction,
  digest: Uint8Array,
  signature: Uint8Array,
  fee: AttoGrn,
): string | undefined {
  const signer = context.checks.signer(digest, signature)
  if (signer === undefined) {
    throw refusal(
      'SIGNATURE_INVALID',
      'the signature is not one of this message',
      'sign the EIP-712 digest of the message',
    )
  }
  if (signer.type === 'account') {
    if (signer.address === tx.sender) return undefined
    throw refusal(
      'SIGNER_WRONG',
      `signed by ${signer.address}, sent by ${tx.sender}`,
      'sign for this chain, with the key of the sender',
    )
  }
  const publicKey = bytesToHex(signer.publicKey)
  checkKey(context, tx, publicKey, fee)
  return publicKey
}

function checkKey({ store, height }: BlockContext, tx: Transaction, publicKey: string, fee: AttoGrn): void {
  const key = tables.sessionKeys.get(store, tx.sender, publicKey)
  if (key === undefined) {
    throw refusal(
      'KEY_NOT_AUTHORIZED',
      `${tx.sender} has no session key 0x${publicKey}`,
      'the key of the account has to authorise it (message AuthorizeKey), or sign itself',
    )
  }
  if (key.expires < height) {
    throw refusal(
      'KEY_EXPIRED',
      `the session key expired at epoch ${key.expires}`,
      'the key of the account has to authorise it again (message AuthorizeKey), or sign itself',
    )
  }
  if (!key.scopes.includes(tx.kind)) {
    throw refusal('KEY_SCOPE_MISSING', `the session key may not sign ${tx.kind}`, 'sign with the key of the account')
  }
  if (key.spent + fee > key.spendingLimit) {
    throw refusal(
      'SPENDING_LIMIT_REACHED',
      `the session key has spent ${formatGrn(key.spent)}`,
      'authorise it again with a higher limit',
    )
  }
}

/**
 * A message of the proving class enters a block only if it is right: a declaration or a request passes all its checks, the
 * proof of an answer is verified, and what it burns is within the limit of the key that signed it. Otherwise anybody could
 * fill the room that is kept for that class with garbage, at a fixed fee.
 * @returns what it burns
 */
function checkProving(
  context: BlockContext,
  tx: Transaction,
  { fee, sessionKey }: Pick<Admitted, 'fee' | 'sessionKey'>,
): AttoGrn {
  const inner = { ...context, sender: tx.sender }
  const key = sessionKey === undefined ? undefined : tables.sessionKeys.get(context.store, tx.sender, sessionKey)
  const within = (burns: AttoGrn): AttoGrn => {
    if (key !== undefined) requireLimit(key, key.spent + fee + burns)
    return burns
  }
  return admissible(() => {
    switch (tx.kind) {
      case 'SubmitPost': {
        const answer = checkAnswer(inner, tx.body)
        const burns = within(answer.skipFee)
        verifyAnswer(inner, tx.body, answer)
        return burns
      }
      case 'DeclareFaults':
        return within(checkDeclaration(inner, tx.body))
      case 'RequestRecovery':
        checkRequest(inner, tx.body)
        return 0n
      default:
        return 0n
    }
  })
}

/** Turns the error with which the message would fail in a block into one that keeps it out of a block. */
function admissible<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof TxError)) throw error
    throw new InadmissibleError(error.code, error)
  }
}

function refusal(code: InadmissibleErrorCode, message: string, hint: string): InadmissibleError {
  return new InadmissibleError(code, { message, hint })
}
