/** Tells what has been fetched under which root: by an answer when it is over, by bitswap block by block. */
import { parseCid } from '@granary/content'
import type { RequestHandler } from 'express'
import type { CID } from 'multiformats/cid'
import type { TrafficWay } from '../storage/traffic.ts'
import type { BlockIndex } from './block-index.ts'
import { whenSent } from './when-sent.ts'

export type OnServed = (root: string, way: TrafficWay, bytes: number) => void

export interface RetrievalMeter {
  readonly content: RequestHandler
  readonly piece: RequestHandler
  block(cid: CID, bytes: number): void
}

/** @param closed: the index is: an answer may end later than that */
export function meterRetrieval(
  index: Pick<BlockIndex, 'rootsOf' | 'piece'>,
  onServed: OnServed,
  closed: AbortSignal,
): RetrievalMeter {
  const metered =
    (rootOf: (request: Parameters<RequestHandler>[0]) => string): RequestHandler =>
    (request, response, next) => {
      whenSent(response, (bytes) => {
        if (bytes > 0 && !closed.aborted) onServed(rootOf(request), 'http', bytes)
      })
      next()
    }
  // What is stored counts by its deals, and not by what strangers name of it: there are only so many roots.
  const rootOfBlock = (cid: CID): string => index.rootsOf(cid.multihash.bytes)[0] ?? cid.toV1().toString()
  return {
    content: metered((request) => rootOfBlock(parseCid(String(request.params.cid)))),
    piece: metered((request) => {
      const pieceCid = String(request.params.pieceCid)
      return index.piece(pieceCid)?.rootCid ?? pieceCid
    }),
    block: (cid, bytes) => {
      if (!closed.aborted) onServed(rootOfBlock(cid), 'bitswap', bytes)
    },
  }
}
