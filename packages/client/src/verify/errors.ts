/** Why what a node says of stored content is not believed. What a proof itself lacks is in `@granary/protocol/light`. */
import { GranaryError } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'

/** GENESIS_MISMATCH: the node follows another chain than the one that is believed, or gives a genesis that is not the one it names. */
export class GenesisMismatchError extends GranaryError {
  constructor(url: string, expected: Hash, found: Hash) {
    super({
      code: 'GENESIS_MISMATCH',
      message: `${url} was to be a node of the chain with genesis ${expected}, and shows one with ${found}`,
      hint: 'ask who runs the network for its genesis hash: name it with --genesis when the chain was made anew, else use another node',
      details: { url, expected, found },
    })
  }
}

/** LISTING_FALSE: the node names a deal for this content that the proven state does not have, or has for other content. */
export class ListingFalseError extends GranaryError {
  constructor(url: string, cid: string, deal: number, height: number) {
    super({
      code: 'LISTING_FALSE',
      message: `${url} lists deal ${deal} for ${cid}, and the proven state of block ${height} has no such deal`,
      hint: 'ask another node: this one is broken or lies, unless the deal is of its last block, which the next one proves',
      details: { url, cid, deal, height },
    })
  }
}

/** TRUST_INVALID: what was believed before is not as it was written. */
export class TrustInvalidError extends GranaryError {
  /** @param path by which a person finds it */
  constructor(path: string, what: string) {
    super({
      code: 'TRUST_INVALID',
      message: `the record of the chain that is believed, ${path}, is not as it was written: ${what}`,
      hint: 'delete it, and name the genesis of the chain with --genesis at the next verification',
      details: { path },
    })
  }
}
