/** Blocks that travel inside their CIDs: those named by the identity hash. */
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'

/** What IPFS clients agree on: a longer one is data smuggled past every bound on blocks. */
export const inlineBytesMax = 128

export class InlineTooLongError extends GranaryError {
  constructor(bytes: number) {
    super({
      code: 'IDENTITY_TOO_LONG',
      message: `a CID with ${bytes} bytes inside it, at most ${inlineBytesMax} are taken`,
      hint: 'name larger data by its hash (sha2-256)',
      details: { bytes },
    })
  }
}

/** @returns undefined for a block that is named by its hash @throws InlineTooLongError IDENTITY_TOO_LONG */
export function inlineBytes({ multihash }: CID): Uint8Array | undefined {
  if (multihash.code !== identity.code) return undefined
  if (multihash.digest.length > inlineBytesMax) throw new InlineTooLongError(multihash.digest.length)
  return multihash.digest
}
