/** Guards that several messages share: the provider exists, and the sender owns it. */

import type { ProviderId } from '@granary/protocol/messages'
import type { Provider } from '@granary/protocol/records'
import type { TxContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** @throws TxError PROVIDER_NOT_FOUND */
export function requireProvider(store: StateReader, id: ProviderId): Provider {
  const provider = tables.providers.get(store, id)
  if (provider === undefined) {
    throw new TxError('PROVIDER_NOT_FOUND', {
      message: `there is no provider ${id}`,
      hint: 'use the id that RegisterProvider gave',
      details: { provider: id },
    })
  }
  return provider
}

/** @throws TxError PROVIDER_NOT_FOUND, PROVIDER_NOT_OWNED */
export function requireOwner(context: Pick<TxContext, 'store' | 'sender'>, id: ProviderId): Provider {
  const provider = requireProvider(context.store, id)
  if (provider.owner !== context.sender) {
    throw new TxError('PROVIDER_NOT_OWNED', {
      message: `provider ${id} belongs to ${provider.owner}, not to ${context.sender}`,
      hint: "send it from the provider's own account",
      details: { provider: id, owner: provider.owner },
    })
  }
  return provider
}
