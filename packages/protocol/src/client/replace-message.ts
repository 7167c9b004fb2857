/** The same message once more, for a higher fee: one of the two is in a block at most, since both have the same sequence. */
import {
  decodeTransaction,
  encodeTransaction,
  feeOf,
  hashOf,
  type Signer,
  type Transaction,
  typedTransaction,
} from '../messages/index.ts'
import type { ChainClient } from './create-chain-client.ts'
import type { CallOptions } from './request.ts'
import { FEE_HEADROOM, type SignedMessage } from './send-message.ts'

/**
 * @returns undefined while what was signed for still pays for the next block: then it is not its fee that keeps the message out
 */
export async function replaceMessage(
  { chain, signer }: { readonly chain: ChainClient; readonly signer: Signer },
  message: SignedMessage,
  options: CallOptions = {},
): Promise<SignedMessage | undefined> {
  const { tx } = decodeTransaction(message.bytes)
  const [status, fees] = await Promise.all([chain.status(options), chain.fees(options)])
  const fee = feeOf(tx.kind, message.bytes.length, fees)
  if (fee <= tx.maxFee) return undefined
  const higher: Transaction = { ...tx, maxFee: fee * FEE_HEADROOM }
  const typed = typedTransaction(status.genesisHash, higher)
  return { ...message, id: hashOf(typed.digest), bytes: encodeTransaction(higher, await signer.sign(typed)) }
}
