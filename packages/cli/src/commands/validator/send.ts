/** Sends a message about a validator from the wallet's account, once its price is agreed to. */
import { estimateFee, sendMessage } from '@granary/protocol/client'
import type { MessageBodies } from '@granary/protocol/messages'
import type { OpenChain } from '../../open-chain.ts'
import { formatAmount } from '../../print/amounts.ts'
import { confirmSpending } from '../../print/confirm-spending.ts'
import type { CommandContext } from '../../program-context.ts'
import { openOwnSigner } from '../wallet/open-own-key.ts'
import type { SpendOptions } from '../wallet/wallet-options.ts'

export interface Sending {
  readonly opened: OpenChain
  readonly options: SpendOptions
  readonly context: CommandContext
  readonly signal: AbortSignal
}

export interface Sent {
  readonly fee: bigint
  /** null: nothing was to be sent. */
  readonly sent: { readonly id: string; readonly height: number | null } | null
}

type Kind = 'BondValidator' | 'UnbondValidator' | 'Unjail'

const WHAT = {
  BondValidator: (amount: bigint) => `bond ${formatAmount(amount)}`,
  UnbondValidator: () => 'take the bond back',
  Unjail: () => 'take part again',
} as const

/** @param outflow what leaves the balance beside the fee */
export async function send<K extends Kind>(
  { opened: { chain }, options, context, signal }: Sending,
  kind: K,
  body: MessageBodies[K],
  outflow: bigint,
): Promise<Sent> {
  const { yes, maxPrice, json, dryRun = false } = options
  const { fee, feeMax } = await estimateFee({ chain, kind, body }, { signal })
  if (dryRun) return { fee, sent: null }
  await confirmSpending(
    context,
    { what: WHAT[kind](outflow), price: outflow + feeMax },
    { yes, maxPrice, json, signal },
  )
  const signer = await openOwnSigner(options, context, signal)
  const tx = await sendMessage({ chain, signer, kind, body }, { signal })
  return { fee: BigInt(tx.fee), sent: { id: tx.id, height: tx.height } }
}
