import { embeddedHeaderVerifier, type HeaderVerifier } from '@granary/protocol/header'
import { type Genesis, genesisHash } from '@granary/protocol/records'
import { soleValidator } from './sole-validator.ts'

/** Which headers are those of a chain: its engine is the embedded one. @throws GenesisInvalidError */
export function headerVerifierOf(genesis: Genesis): HeaderVerifier {
  return embeddedHeaderVerifier({ genesisHash: genesisHash(genesis), validators: [soleValidator(genesis)] })
}
