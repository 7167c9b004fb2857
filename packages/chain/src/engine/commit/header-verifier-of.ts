import { embeddedHeaderVerifier, type HeaderVerifier } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'

/** Which headers are those of a chain: its engine is the embedded one. */
export function headerVerifierOf(genesis: Genesis): HeaderVerifier {
  return embeddedHeaderVerifier({ genesisHash: genesisHash(genesis), validators: genesis.validators })
}
