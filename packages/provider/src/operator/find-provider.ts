/** The provider that a command is about: by its number, or by the owner whose key is at hand. */
import { GranaryError } from '@granary/base'
import type { ChainClient, ProviderView } from '@granary/protocol/client'
import type { Address } from '@granary/protocol/messages'
import { providerOf } from '../chain/register-provider.ts'

export interface FindProviderInput {
  readonly chain: ChainClient
  /** Its number on the chain. */
  readonly id?: number | undefined
  readonly owner?: Address | undefined
  readonly signal?: AbortSignal | undefined
}

export class ProviderUnknownError extends GranaryError {
  constructor(owner: Address | undefined) {
    super({
      code: 'PROVIDER_NOT_REGISTERED',
      message: owner === undefined ? 'nothing says which provider is meant' : `no provider is registered for ${owner}`,
      hint: 'name it with --provider, or its owner by --owner-key; `granary provider run` registers one',
      ...(owner === undefined ? {} : { details: { owner } }),
    })
  }
}

/** @throws ProviderUnknownError, PROVIDER_NOT_FOUND, CHAIN_UNREACHABLE, … */
export async function findProvider({ chain, id, owner, signal }: FindProviderInput): Promise<ProviderView> {
  const options = signal === undefined ? {} : { signal }
  const found = id ?? (owner === undefined ? undefined : await providerOf(chain, owner, options))
  if (found === undefined) throw new ProviderUnknownError(owner)
  return await chain.provider(found, options)
}
