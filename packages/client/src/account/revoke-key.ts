/** A session key of the account signs nothing any more, from the block on that has this. */
import { fromHex } from '@granary/base'
import { type ChainClient, sendMessage, type TxView } from '@granary/protocol/client'
import type { Hash, Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'

export interface RevokeKeyInput {
  readonly chain: ChainClient
  /** The account's own key. */
  readonly signer: Signer
  readonly publicKey: Hash
}

/** @throws GranaryError KEY_NOT_FOUND: the account has no such key */
export async function revokeKey(
  { chain, signer, publicKey }: RevokeKeyInput,
  options: CallOptions = {},
): Promise<TxView> {
  return await sendMessage({ chain, signer, kind: 'RevokeKey', body: { publicKey: fromHex(publicKey) } }, options)
}
