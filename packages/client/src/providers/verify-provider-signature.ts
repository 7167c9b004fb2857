/** A provider speaks with its owner's key or with the session key that it registered on the chain; nothing else counts. */

import { GranaryError, toHex } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import { verifySigner } from '@granary/protocol/messages'

/** PROVIDER_SIGNATURE_INVALID: a quote or agreement that no key of the provider has signed. */
export class ProviderSignatureError extends GranaryError {
  constructor(provider: number, what: string) {
    super({
      code: 'PROVIDER_SIGNATURE_INVALID',
      message: `the ${what} of provider ${provider} is not signed with a key that the chain knows as its own`,
      hint: 'nothing was paid; choose another provider',
      details: { provider },
    })
  }
}

/** @throws ProviderSignatureError */
export function verifyProviderSignature(
  provider: ProviderView,
  what: string,
  digest: Uint8Array,
  signature: Uint8Array,
): void {
  const signer = verifySigner(digest, signature)
  const known =
    signer?.type === 'account'
      ? signer.address === provider.owner
      : signer?.type === 'session' && toHex(signer.publicKey) === provider.sessionKey
  if (!known) throw new ProviderSignatureError(provider.id, what)
}
