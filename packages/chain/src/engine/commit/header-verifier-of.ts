import { type EmbeddedHeaderVerifier, embeddedHeaderVerifier } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { soleValidator } from './sole-validator.ts'

/** Which headers are those of a chain: its engine is the embedded one. @throws GenesisInvalidError */
export function headerVerifierOf(genesis: Genesis): EmbeddedHeaderVerifier {
  return embeddedHeaderVerifier({ genesisHash: genesisHash(genesis), validators: [soleValidator(genesis)] })
}
