/**
 * Sends a message that spends, once: its signed bytes are written down before they leave, and a later call with the same wish
 * finds them, learns from the chain what became of them, and signs anew only when they can be in no block any more.
 * docs/adr/0048-a-wish-is-paid-once.md
 */
import { GranaryError, unlessAborted } from '@granary/base'
import { type ChainClient, ChainTxError, type SignedMessage, sendMessage, type TxView } from '@granary/protocol/client'
import {
  type AttoGrn,
  decodeTransaction,
  type Hash,
  type MessageBodies,
  type Signer,
  type TransactionName,
} from '@granary/protocol/messages'
import { resumeMessage } from '@granary/protocol/resend'
import type { CallOptions } from '../call-options.ts'
import type { Lock, Outbox } from '../ports.ts'

/** For this long the same wish means the message that is known; a later one is a new wish. */
const SAME_WISH_MS = 24 * 60 * 60_000

/** What a verb that spends needs, whatever it sends. */
export interface Spender {
  readonly chain: ChainClient
  readonly signer: Signer
  readonly outbox: Outbox
  readonly lock: Lock
}

export interface SendOnceInput<N extends TransactionName> extends Spender {
  readonly kind: N
  /** Whether an earlier message of this kind was for the same wish. */
  readonly isSame: (earlier: MessageBodies[N]) => boolean
  /**
   * What is to be sent, planned and agreed to. Called only when no earlier call has paid: what a plan reads (a balance, an end)
   * has changed when one has, and would refuse the wish that it fulfilled.
   */
  readonly plan: () => Promise<Planned<N>>
}

interface Planned<N extends TransactionName> {
  readonly body: MessageBodies[N]
  /** attoGRN that were agreed to for the message: fees may rise while a person reads. Undefined: nobody was asked. */
  readonly feeMax: AttoGrn | undefined
}

/** How a verb that spends once is called. */
export interface SpendOptions<P> extends CallOptions {
  /**
   * Called with the plan before anything is signed, and waited for; what it throws ends the call, and nothing is spent. No more
   * is signed for than the plan says, PRICE_ABOVE_MAX where fees have risen beyond it. Not
   * called when an earlier call has paid. Others can not send from the account in the meantime.
   */
  readonly confirm?: ((plan: P) => void | Promise<void>) | undefined
}

/** A message that is in a block. */
export interface SentOnce {
  readonly tx: TxView
  /** It is the message of an earlier call, whose end that call did not see: this one has signed nothing. */
  readonly resumed: boolean
}

/** Two that look for what was sent before and find nothing would both send. */
export class SendRunningError extends GranaryError {
  constructor(address: string) {
    super({
      code: 'SEND_RUNNING',
      message: `another process is sending from ${address}`,
      hint: 'wait until it has ended, then try again',
      details: { address },
    })
  }
}

/**
 * @throws ChainTxError it is in a block and failed; FeeAboveMaxError nothing was sent; SendRunningError; MessageUndecidedError an earlier one may have been paid;
 * what the node refuses; what `plan` throws
 */
export async function sendOnce<N extends TransactionName>(
  input: SendOnceInput<N>,
  options: CallOptions = {},
): Promise<SentOnce> {
  const { chain, signer, outbox, lock, kind, plan } = input
  await using held = await lock.take(`send-${signer.address}`)
  if (held === undefined) throw new SendRunningError(signer.address)
  const { genesisHash } = await chain.status(options)
  const earlier = await findEarlier(input, genesisHash, options)
  if (earlier !== undefined) return { tx: earlier, resumed: true }

  // Who is asked to agree may never answer.
  const { body, feeMax } = await unlessAborted(plan(), options.signal)
  let signed: SignedMessage | undefined
  const onSigned = async (message: SignedMessage) => {
    await outbox.write(genesisHash, message)
    if (signed !== undefined) await outbox.remove(genesisHash, signed.id)
    signed = message
  }
  try {
    const tx = await sendMessage({ chain, signer, kind, body, feeMax }, { ...options, onSigned })
    await outbox.remove(genesisHash, tx.id)
    return { tx, resumed: false }
  } catch (error) {
    // After any other error, a refusal of a repeated try among them, it may be in a block: the next call looks for it.
    if (error instanceof ChainTxError) await outbox.remove(genesisHash, error.tx.id)
    throw error
  }
}

/**
 * What an earlier call with the same wish has sent. Messages of other wishes are left as they are: whoever has interrupted one
 * may be glad of it.
 */
async function findEarlier<N extends TransactionName>(
  { chain, signer, outbox, kind, isSame }: SendOnceInput<N>,
  genesisHash: Hash,
  options: CallOptions,
): Promise<TxView | undefined> {
  const messages = await outbox.list(genesisHash, signer.address)
  if (messages.length === 0) return undefined
  const { height, blockTimeMs } = await chain.status(options)
  for (const message of messages) {
    const { id, bytes, signedAt } = message
    const isOld = (height - signedAt) * blockTimeMs > SAME_WISH_MS
    const { tx } = decodeTransaction(bytes)
    const isWish = tx.kind === kind && isSame(tx.body as MessageBodies[N])
    if (!isOld && !isWish) continue
    const done = isOld ? undefined : await endOf(chain, message, options)
    await outbox.remove(genesisHash, id)
    if (done !== undefined) return done
  }
  return undefined
}

async function endOf(chain: ChainClient, message: SignedMessage, options: CallOptions): Promise<TxView | undefined> {
  try {
    return await resumeMessage(chain, message, options)
  } catch (error) {
    // It is in a block and changed nothing: the wish is still open.
    if (error instanceof ChainTxError) return undefined
    throw error
  }
}
