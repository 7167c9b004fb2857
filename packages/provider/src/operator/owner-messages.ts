/** What an owner sends by hand, one message each: signed by the owner's key, which the daemon does not need. */
import { type ChainClient, sendMessage, type TxView } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'

export interface OwnerContext {
  readonly chain: ChainClient
  /** The owner's. */
  readonly signer: Signer
  readonly provider: number
  readonly signal?: AbortSignal | undefined
}

/** As many as one ExtendSectors or TerminateSectors takes (docs/spec/chain.md section 2). */
const SECTORS_MAX = 256

/** @param amount: attoGRN */
export function depositCollateral({ chain, signer, provider, signal }: OwnerContext, amount: bigint): Promise<TxView> {
  return sendMessage({ chain, signer, kind: 'DepositCollateral', body: { provider, amount } }, optionsOf(signal))
}

/** @param amount: attoGRN */
export function withdrawCollateral({ chain, signer, provider, signal }: OwnerContext, amount: bigint): Promise<TxView> {
  return sendMessage({ chain, signer, kind: 'WithdrawCollateral', body: { provider, amount } }, optionsOf(signal))
}

/** @param expiry: the epoch at which they end then */
export async function extendSectors(
  { chain, signer, provider, signal }: OwnerContext,
  numbers: readonly number[],
  expiry: number,
): Promise<TxView[]> {
  const txs: TxView[] = []
  for (const sectors of batchesOf(numbers)) {
    const body = { provider, sectors, expiry }
    txs.push(await sendMessage({ chain, signer, kind: 'ExtendSectors', body }, optionsOf(signal)))
  }
  return txs
}

export async function terminateSectors(
  { chain, signer, provider, signal }: OwnerContext,
  numbers: readonly number[],
): Promise<TxView[]> {
  const txs: TxView[] = []
  for (const sectors of batchesOf(numbers)) {
    const body = { provider, sectors }
    txs.push(await sendMessage({ chain, signer, kind: 'TerminateSectors', body }, optionsOf(signal)))
  }
  return txs
}

function batchesOf(numbers: readonly number[]): number[][] {
  const all = [...new Set(numbers)]
  return Array.from({ length: Math.ceil(all.length / SECTORS_MAX) }, (_, batch) =>
    all.slice(batch * SECTORS_MAX, (batch + 1) * SECTORS_MAX),
  )
}

function optionsOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
