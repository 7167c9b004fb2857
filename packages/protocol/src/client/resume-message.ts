/**
 * What became of a message that was signed by an earlier run, whose end is not known: the same bytes are sent again as long as
 * they may be in a block, so that it happens once, and who pays may sign anew only when they can not be any more.
 */
import { GranaryError } from '@granary/base'
import type { TxView } from '../chain-api/answers.ts'
import type { ChainClient } from './create-chain-client.ts'
import { ChainBehindError } from './errors.ts'
import type { CallOptions } from './request.ts'
import { committed, isSequenceError, type SignedMessage, settle } from './send-message.ts'

/** Whether the message is in a block can not be told from this node. */
export class MessageUndecidedError extends GranaryError {
  constructor({ id, validUntil, sequence, lane }: SignedMessage, why: string) {
    super({
      code: 'MESSAGE_UNDECIDED',
      message: `the message ${id} of an earlier run may have been paid, and nobody can tell yet: ${why}`,
      hint: 'nothing new was sent; try again in a minute, or ask a node that keeps all blocks',
      details: { id, validUntil, sequence, lane },
    })
  }
}

/**
 * @returns what the block that has it says; undefined: it is in none, and can not be in any
 * @throws ChainTxError it is in a block and failed; MessageUndecidedError, ChainBehindError, CHAIN_UNREACHABLE: not known yet
 */
export async function resumeMessage(
  chain: ChainClient,
  message: SignedMessage,
  options: CallOptions = {},
): Promise<TxView | undefined> {
  const { id, validUntil, signedAt } = message
  const { height } = await chain.status(options)
  if (height < signedAt) throw new ChainBehindError(chain.url, height, signedAt)
  if (height > validUntil) return await decided(chain, message, options)
  try {
    return await settle(chain, message, options)
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'TX_EXPIRED') return await decided(chain, message, options)
    if (!isSequenceError(error)) throw error
    const known = await committed(chain, id, options)
    if (known !== undefined) return known
    // What another message has taken in a block is taken for good; whatever else stands in the way may go away again.
    if (GranaryError.is(error) && error.code === 'SEQUENCE_TOO_LOW') return await decided(chain, message, options)
    throw new MessageUndecidedError(message, `the node says ${(error as GranaryError).code}`)
  }
}

/** Of a message that no later block can hold: whether an earlier one does. */
async function decided(chain: ChainClient, message: SignedMessage, options: CallOptions): Promise<TxView | undefined> {
  const known = await committed(chain, message.id, options)
  if (known !== undefined) return known
  if (await knowsBlock(chain, message.signedAt + 1, options)) return undefined
  const { sequences } = await chain.account(message.sender, options)
  if ((sequences[message.lane] ?? 0) <= message.sequence) return undefined
  throw new MessageUndecidedError(message, 'this node has dropped the blocks of that time')
}

/** A node drops its oldest blocks first: one that has this has all that follow. */
async function knowsBlock(chain: ChainClient, height: number, options: CallOptions): Promise<boolean> {
  try {
    await chain.block(height, options)
    return true
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'BLOCK_NOT_FOUND') return false
    throw error
  }
}
