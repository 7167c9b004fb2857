/** Every answer, an error and a stream too, names the chain it is of and how far this node has followed it: docs/spec/chain.md, section 8. */

import type { Hash } from '@granary/protocol/messages'
import type { RequestHandler, Response } from 'express'

export const GENESIS_HEADER = 'granary-genesis'
export const HEIGHT_HEADER = 'granary-height'

export function nameChain(genesisHash: Hash, height: () => number): RequestHandler {
  return (_, response, next) => {
    response.set(GENESIS_HEADER, genesisHash)
    nameHeight(response, height())
    next()
  }
}

/** Once more by what has waited for a block. The state that an answer reads is never older than the height it names. */
export function nameHeight(response: Response, height: number): void {
  response.set(HEIGHT_HEADER, String(height))
}
