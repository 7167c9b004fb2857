/** Terms, quotes and signers that fit together. */
import { toHex } from '@granary/base'
import { accountSigner, type DealTerms, type Quote, type Signer, sessionSigner } from '@granary/protocol/messages'
import { providerView } from './chain-answers.ts'

export const clientSigner: Signer = accountSigner(new Uint8Array(32).fill(1))
export const ownerSigner: Signer = accountSigner(new Uint8Array(32).fill(2))
export const session: ReturnType<typeof sessionSigner> = sessionSigner(new Uint8Array(32).fill(3), ownerSigner.address)

export function aProvider(endpoint: string): ReturnType<typeof providerView> {
  const sessionKey = toHex(session.publicKey)
  const view = providerView(1000, endpoint, { owner: ownerSigner.address, sessionKey })
  return { ...view, ask: { ...view.ask!, pricePerGiBEpoch: `${1024n ** 3n}` } }
}

/** Of 900 bytes, all of them 7. */
export const pieceCid = 'bafkzcibcoqcqgui3noriffu6zm5tdeevstwa3o2gwwfgffob4d3nyo7dwzfgwcy'

export function aQuote(changes: Partial<Quote> = {}): Quote {
  return {
    quoteId: 'q1',
    client: clientSigner.address,
    provider: 1000,
    pieceSize: 1024,
    duration: 100,
    pricePerEpoch: 1024n,
    total: 102_400n,
    networkFee: 5_120n,
    providerCollateral: 20_480n,
    activateWithin: 600,
    validUntil: 1_000,
    ...changes,
  }
}

export function someTerms(changes: Partial<DealTerms> = {}): DealTerms {
  return {
    client: clientSigner.address,
    provider: 1000,
    pieceCid,
    pieceSize: 1024,
    payloadSize: 900,
    label: '',
    activateWithin: 600,
    duration: 100,
    pricePerEpoch: 1024n,
    providerCollateral: 20_480n,
    validUntil: 1_000,
    nonce: 7n,
    ...changes,
  }
}
