/**
 * Who holds a CID, what has been proven and paid, and when the next proof is due: all from the chain. With the key of an
 * account, its deals among them that have ended are settled first.
 */

import { reporter } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Journal } from '../ports.ts'
import { CidNotStoredError } from '../retrieve/errors.ts'
import { type DealView, viewDeals } from './deal-view.ts'
import type { SettleOptions } from './list-deals.ts'
import { settleEnded } from './settle-ended.ts'

/** Multihash of a piece CID v2, fr32-sha2-256-trunc254-padded-binary-tree. */
const PIECE_MULTIHASH = 0x1011

/** Who holds a content, and what is proven and paid. */
export interface ContentStatus {
  readonly cid: string
  readonly deals: readonly DealView[]
}

/** The chain that is asked, and who settles deals that have ended. */
export interface StatusInput {
  readonly chain: ChainClient
  /** Settles the ended deals of its account; without it nothing is settled. */
  readonly signer?: Signer | undefined
  /** It has the names of what was put. @default none */
  readonly journal?: Journal | undefined
}

/** @param cidText root CID of a file, or the CID of a piece. @throws CidInvalidError, CidNotStoredError */
export async function status(
  { chain, signer, journal }: StatusInput,
  cidText: string,
  { signal, onProgress }: SettleOptions = {},
): Promise<ContentStatus> {
  const options: CallOptions = { signal }
  const { parseCid } = await import('../content.ts')
  const parsed = parseCid(cidText).toV1()
  const cid = parsed.toString()
  const filter = parsed.multihash.code === PIECE_MULTIHASH ? { pieceCid: cid } : { rootCid: cid }
  const list = () => Array.fromAsync(chain.deals(filter, options))
  let deals = await list()
  if (deals.length === 0) throw new CidNotStoredError(cid, chain.url)
  const report = reporter(onProgress)
  if (signer && (await settleEnded({ chain, signer, deals, report }, options))) deals = await list()
  return { cid, deals: await viewDeals({ chain, journal, deals }, options) }
}
