/** What only the owner may sign for its provider: that it is registered, what the chain says of it, and what its daemon may. */
import { isDeepStrictEqual } from 'node:util'
import { toHex } from '@granary/base'
import { type ChainClient, type ProviderView, sendMessage } from '@granary/protocol/client'
import { type Address, daemonScopes, type MessageBodies, type Signer } from '@granary/protocol/messages'
import { providerOf } from '../chain/register-provider.ts'

export interface RegisterInput {
  readonly chain: ChainClient
  /** The owner's. */
  readonly signer: Signer
  /** Of registration.json. */
  readonly wanted: Omit<MessageBodies['RegisterProvider'], 'payout'>
  /** Where its pay goes; undefined: as the chain has it, and at first the owner. */
  readonly payout?: Address | undefined
  /** What the daemon's key may spend and until when; undefined: as the chain has it. */
  readonly session?: { readonly spendingLimit: bigint; readonly expires: number } | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Registered {
  readonly provider: number
  readonly done: 'registered' | 'updated' | 'unchanged'
}

export async function registerAsOwner({
  chain,
  signer,
  wanted,
  payout,
  session,
  signal,
}: RegisterInput): Promise<Registered> {
  const options = signal === undefined ? {} : { signal }
  const known = await providerOf(chain, signer.address, options)
  const done = known === undefined ? 'registered' : await update(known)
  if (known === undefined) {
    const body = { ...wanted, payout: payout ?? signer.address }
    await sendMessage({ chain, signer, kind: 'RegisterProvider', body }, options)
  }
  const provider = known ?? (await providerOf(chain, signer.address, options))
  if (provider === undefined)
    throw new Error(`RegisterProvider of ${signer.address} was committed and no provider is there`)
  if (session !== undefined) {
    const body = { publicKey: wanted.sessionKey, scopes: [...daemonScopes], ...session }
    await sendMessage({ chain, signer, kind: 'AuthorizeKey', body }, options)
  }
  return { provider, done }

  async function update(id: number): Promise<'updated' | 'unchanged'> {
    const view = await chain.provider(id, options)
    const paid = payout ?? view.payout
    if (paid === view.payout && isDeepStrictEqual(wantedOf(wanted), saidOf(view))) return 'unchanged'
    const body = { provider: id, ...wanted, payout: paid }
    await sendMessage({ chain, signer, kind: 'UpdateProvider', body }, options)
    return 'updated'
  }
}

function wantedOf({ sessionKey, endpoints, peerId, region, name }: RegisterInput['wanted']): object {
  return { sessionKey: toHex(sessionKey), endpoints, peerId, region, name }
}

function saidOf({ sessionKey, endpoints, peerId, region, name }: ProviderView): object {
  return { sessionKey, endpoints, peerId, region, name }
}
