/**
 * From a message to its place in a block: reads sequence and parameters, signs, submits, waits. The id of a transaction
 * is the digest that was signed, so the same bytes can be sent again after a lost answer and still happen once; a new
 * signature is made only when the old one can never be committed any more.
 */
import { GranaryError, passingFactsOf, sleep, unlessAborted } from '@granary/base'
import type { TxView } from '../chain-api/answers.ts'
import {
  type Address,
  type AttoGrn,
  type Epoch,
  encodeTransaction,
  feeOf,
  formatGrn,
  type Hash,
  hashOf,
  type MessageBodies,
  type Signer,
  type Transaction,
  type TransactionName,
  typedTransaction,
} from '../messages/index.ts'
import type { ChainClient } from './create-chain-client.ts'
import { ChainAnswerError, ChainTxError } from './errors.ts'
import type { CallOptions } from './request.ts'

export interface SendMessageInput<N extends TransactionName> {
  readonly chain: ChainClient
  readonly signer: Signer
  readonly kind: N
  readonly body: MessageBodies[N]
  /** Sequences are strict in each lane, so that messages of different lanes never wait for each other. @default 0 */
  readonly lane?: number
  /** How long who signs may take: a person who is asked reads first. @default 0 */
  readonly answerMs?: number
  /** attoGRN: the most that it is signed for, however often. @default twice the fee of the moment */
  readonly feeMax?: AttoGrn | undefined
}

/** What is known of a message once it is signed: enough to send the same bytes again, or to learn what became of them. */
export interface SignedMessage {
  readonly id: Hash
  readonly bytes: Uint8Array
  readonly sender: Address
  readonly lane: number
  readonly sequence: number
  /** The last epoch in which it may be in a block. */
  readonly validUntil: Epoch
  /** The height of the chain when it was signed: it is in no block up to that. */
  readonly signedAt: Epoch
}

export interface SendOptions extends CallOptions {
  /**
   * Called before the bytes leave, and waited for: who keeps them can send the same again after a kill. Called anew with another
   * signature when the one before can not be in a block any more.
   */
  readonly onSigned?: (signed: SignedMessage) => void | Promise<void>
}

/** Fees have risen above what may be spent on the message: nothing is signed. */
export class FeeAboveMaxError extends GranaryError {
  constructor(fee: AttoGrn, feeMax: AttoGrn) {
    super({
      code: 'PRICE_ABOVE_MAX',
      message: `the fee is ${formatGrn(fee)}, and at most ${formatGrn(feeMax)} may be spent on it`,
      hint: 'allow more, or send it later',
      details: { price: `${fee}`, maxPrice: `${feeMax}` },
    })
  }
}

const VALID_FOR_MS = 60_000
/** Others may be using the same lane: each round, one of them gets its sequence. */
export const SIGNATURES_MAX = 20
/** A node that restarts is waited for as long as the transaction could still be committed. */
const OUTAGE_MAX_MS = VALID_FOR_MS
const OUTAGE_POLL_MS = 500
/** Fees may rise between the reading and the block: six full blocks double them. */
export const FEE_HEADROOM = 2n
const SIGNATURE_BYTES_MAX = 96
const MAX_FEE_BYTES_MAX = 17
const SALT_MAX = 2n ** 32n - 1n
const ADDRESS_ZERO: Address = `0x${'00'.repeat(20)}`

/**
 * @throws ChainTxError when it was committed and failed; FeeAboveMaxError
 * @throws GranaryError the node's verdict (INSUFFICIENT_FUNDS, …), CHAIN_UNREACHABLE, TX_EXPIRED
 */
export async function sendMessage<N extends TransactionName>(
  input: SendMessageInput<N>,
  options: SendOptions = {},
): Promise<TxView> {
  const { onSigned, ...call } = options
  for (let signatures = 1; ; signatures += 1) {
    const message = await signMessage(input, call)
    await onSigned?.(message)
    try {
      return await settle(input.chain, message, call)
    } catch (error) {
      // The sequence was taken by another transaction (or one before it fell out of the mempool), or fees have risen.
      const isOutdated = isSequenceError(error) || isFeeError(error)
      if (!isOutdated || signatures >= SIGNATURES_MAX) throw error
      await sleep(Math.random() * 20 * signatures, options.signal)
    }
  }
}

/**
 * Read anew each time: the next sequence of the lane, the fees of the next block, and how long it may wait.
 * @throws FeeAboveMaxError
 */
export async function signMessage<N extends TransactionName>(
  { chain, signer, kind, body, lane = 0, answerMs = 0, feeMax }: SendMessageInput<N>,
  options: CallOptions,
): Promise<SignedMessage> {
  const [status, account, fees] = await together(options, (all) =>
    Promise.all([chain.status(all), chain.account(signer.address, all), chain.fees(all)]),
  )
  const unpriced = {
    kind,
    sender: signer.address,
    lane,
    sequence: account.sequences[lane] ?? 0,
    validUntil: status.height + Math.ceil((answerMs + VALID_FOR_MS) / status.blockTimeMs),
    maxFee: 0n,
    body,
    // The compiler cannot see that kind and body, both of N, belong together.
  } as Transaction
  const fee = feeOf(kind, bytesMaxOf(unpriced), fees)
  if (feeMax !== undefined && fee > feeMax) throw new FeeAboveMaxError(fee, feeMax)
  const wanted = fee * FEE_HEADROOM + salt()
  const tx = { ...unpriced, maxFee: feeMax !== undefined && feeMax < wanted ? feeMax : wanted }
  const typed = typedTransaction(status.genesisHash, tx)
  const { sender, sequence, validUntil } = tx
  const bytes = encodeTransaction(tx, await unlessAborted(signer.sign(typed), options.signal))
  return { id: hashOf(typed.digest), bytes, sender, lane, sequence, validUntil, signedAt: status.height }
}

export interface FeeEstimate {
  /** attoGRN at the fees of the next block. */
  readonly fee: AttoGrn
  /** What is signed for: fees may rise until the block. */
  readonly feeMax: AttoGrn
}

/** What a message will cost, before anything is signed. */
export async function estimateFee<N extends TransactionName>(
  { chain, kind, body }: Pick<SendMessageInput<N>, 'chain' | 'kind' | 'body'>,
  options: CallOptions = {},
): Promise<FeeEstimate> {
  const envelope = { sender: ADDRESS_ZERO, lane: 0, sequence: 2 ** 32, validUntil: 2 ** 32, maxFee: 0n }
  const fee = feeOf(kind, bytesMaxOf({ kind, ...envelope, body } as Transaction), await chain.fees(options))
  return { fee, feeMax: fee * FEE_HEADROOM + SALT_MAX }
}

function bytesMaxOf(unpriced: Transaction): number {
  return encodeTransaction(unpriced, new Uint8Array(SIGNATURE_BYTES_MAX)).length + MAX_FEE_BYTES_MAX
}

/** Questions of which one has failed: the others are not asked again behind the back of who was told so. */
async function together<T>(options: CallOptions, ask: (options: CallOptions) => Promise<T>): Promise<T> {
  const failed = new AbortController()
  const signals = [failed.signal, ...(options.signal === undefined ? [] : [options.signal])]
  try {
    return await ask({ ...options, signal: AbortSignal.any(signals) })
  } catch (error) {
    failed.abort(error)
    throw error
  }
}

/**
 * Two messages that are alike and meet at the same sequence would be one transaction, which happens once; a little of
 * the fee's headroom tells them apart.
 */
function salt(): bigint {
  return BigInt(crypto.getRandomValues(new Uint32Array(1))[0]!)
}

/** Submits and waits; after a lost answer, asks and submits the same bytes again. */
export async function settle(
  chain: ChainClient,
  { id, bytes }: Pick<SignedMessage, 'id' | 'bytes'>,
  options: CallOptions,
): Promise<TxView> {
  let lostAt: number | undefined
  for (;;) {
    try {
      return await submit(chain, id, bytes, options)
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      if (!isLost(error)) throw error
      lostAt ??= Date.now()
      if (Date.now() - lostAt > OUTAGE_MAX_MS) throw error
      await sleep(OUTAGE_POLL_MS, options.signal)
    }
  }
}

async function submit(chain: ChainClient, id: Hash, bytes: Uint8Array, options: CallOptions): Promise<TxView> {
  try {
    const tx = await chain.submit(bytes, { ...options, wait: true })
    if (tx.id !== id) throw new ChainAnswerError(chain.url, 200, `it tells of ${tx.id}`)
    // Who takes an answer before the block for the end of it may pay a second time: it is asked again.
    if (tx.code === 'PENDING')
      throw new GranaryError({ code: 'TX_WAIT_TIMEOUT', message: `no block has ${id} yet`, hint: 'try again' })
    return tx
  } catch (error) {
    if (options.signal?.aborted || !isSequenceError(error)) throw error
    // Refused for its sequence after an answer was lost: perhaps because it has been committed meanwhile.
    const known = await committed(chain, id, options)
    if (known === undefined) throw error
    return known
  }
}

/** Undefined: it is in no block that the node knows. @throws ChainTxError it is, and failed */
export async function committed(chain: ChainClient, id: Hash, options: CallOptions): Promise<TxView | undefined> {
  try {
    const tx = await chain.tx(id, options)
    if (tx.code !== 'OK' && tx.code !== 'PENDING') throw new ChainTxError(tx)
    return tx.code === 'OK' ? tx : undefined
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'TX_NOT_FOUND') return undefined
    throw error
  }
}

export function isSequenceError(error: unknown): boolean {
  if (!GranaryError.is(error) || error instanceof ChainTxError) return false
  // Another of its sequence waits already, or stands in a block.
  return error.code === 'REPLACEMENT_TOO_LOW' || error.code.startsWith('SEQUENCE_')
}

export function isFeeError(error: unknown): boolean {
  return GranaryError.is(error) && !(error instanceof ChainTxError) && error.code === 'FEE_TOO_LOW'
}

function isLost(error: unknown): boolean {
  return GranaryError.is(error) && error.retryable && passingFactsOf(error.code)?.lost === true
}
