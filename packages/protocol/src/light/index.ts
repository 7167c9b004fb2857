/** `@granary/protocol/light`: what any node answers, verified from the validator's key. Runs in a browser. */

export { type UnprovenCode, UnprovenError } from '../header/errors.ts'
export { type EmbeddedTrust, embeddedHeaderVerifier, type HeaderVerifier } from '../header/header-verifier.ts'
export { type BelievedChain, type ChainHeaders, type ChainHeadersOptions, chainHeaders } from './chain-headers.ts'
export {
  createLightClient,
  type LightClient,
  type LightClientOptions,
  type Proven,
  type ProvenState,
  type SeenHeader,
} from './create-light-client.ts'
export { type ProvenValue, verifyProofView } from './verify-proof-view.ts'
export { ChainDivergesError, type ShownHeader, witnessedChain } from './witnessed-chain.ts'
