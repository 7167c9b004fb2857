/** Bytes are taken from accounts that can pay for what their uploads were quoted at: before each request that brings some. */

import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import { type CostOfUploadsContext, costOfUploads } from '../uploads/open-upload.ts'
import { ClientFundsError } from '../uploads/upload-errors.ts'
import type { AgreementChain } from './accept-piece.ts'

type PayingChain = Pick<AgreementChain, 'freeBalanceOf' | 'publishFee'>

/** What an account has, less what publishing a deal costs; below zero, too. */
export async function spendableOf(chain: PayingChain, client: Address): Promise<bigint> {
  const [balance, fee] = await Promise.all([chain.freeBalanceOf(client), chain.publishFee()])
  return balance - fee
}

/** @throws ClientFundsError */
export async function requireFunds(
  context: CostOfUploadsContext & { readonly chain: PayingChain },
  client: Address,
): Promise<void> {
  const needed = costOfUploads(context, client)
  const spendable = await spendableOf(context.chain, client).catch((error: unknown) => {
    // It could pay when the upload was opened: a chain that is away for a while breaks off no upload.
    if (GranaryError.is(error) && error.retryable) return needed
    throw error
  })
  if (spendable < needed) throw new ClientFundsError(client, spendable, needed)
}

/** An upload brings hundreds of requests in one block: who could pay in it is not asked for again. */
export function requireFundsOnceABlock(
  context: CostOfUploadsContext & { readonly chain: PayingChain; readonly height: () => number },
): (client: Address) => Promise<void> {
  /** Of the block: for what each could pay. */
  const covered = new Map<Address, bigint>()
  let of: number | undefined
  return async (client) => {
    const height = context.height()
    if (height !== of) covered.clear()
    of = height
    const needed = costOfUploads(context, client)
    if (needed <= (covered.get(client) ?? -1n)) return
    await requireFunds(context, client)
    if (of === height) covered.set(client, needed)
  }
}
