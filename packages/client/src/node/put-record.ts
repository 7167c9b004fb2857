/** How a put starts: with the record of an earlier, interrupted one, or with a new one. */
import type { ChainStatus } from '@granary/chain/client'
import { dealTermsFromJson } from '@granary/chain/messages'
import { findPublished } from '../publish-deal.ts'
import type { CallOptions, ClientContext } from './client-context.ts'
import type { PutRecord } from './journal.ts'

/** A running deal of this content counts as done; one in these states does not. */
const ENDED: ReadonlySet<string> = new Set(['expired', 'lapsed', 'terminated', 'cancelled'])

export interface PutWanted {
  readonly path: string
  readonly rootCid: string
  readonly fileBytes: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  /** Epochs; undefined: whatever an earlier run chose, else the default. */
  readonly duration: number | undefined
  readonly durationDefault: number
  /** Undefined: whatever an earlier run chose. */
  readonly provider: number | undefined
  /** Another deal even though this content has one that is active. */
  readonly again: boolean
}

/** The record is in the journal, nonce included, before anything else happens. */
export async function openRecord(
  context: ClientContext,
  status: ChainStatus,
  wanted: PutWanted,
  options: CallOptions,
): Promise<PutRecord> {
  const earlier = await context.journal.read(status.genesisHash, wanted.rootCid)
  const record = (earlier && (await goOn(context, status, earlier, wanted, options))) ?? newRecord(status, wanted)
  if (record !== earlier) await context.journal.write(record)
  return record
}

/** What is left of the earlier record; undefined when the whole put starts anew. */
async function goOn(
  context: ClientContext,
  status: ChainStatus,
  earlier: PutRecord,
  wanted: PutWanted,
  options: CallOptions,
): Promise<PutRecord | undefined> {
  const other =
    (wanted.provider !== undefined && earlier.provider !== undefined && wanted.provider !== earlier.provider) ||
    (wanted.duration !== undefined && wanted.duration !== earlier.duration) ||
    (wanted.again && earlier.active)
  if (other) return undefined
  const { terms, agreementId } = earlier
  if (!terms || !agreementId) return earlier
  const deal = await findPublished({ chain: context.chain, terms: dealTermsFromJson(terms), agreementId }, options)
  if (deal) return ENDED.has(deal.state) ? undefined : { ...earlier, dealId: deal.id }
  // `status` is older than the look at the deals, so terms that have run out by it can never be published any more.
  return status.height >= Number(terms.validUntil) ? withoutTerms(earlier) : earlier
}

/** The upload stays; price and terms are made anew, under a nonce of their own. */
export function withoutTerms(record: PutRecord): PutRecord {
  const { quote: _quote, terms: _terms, agreementId: _agreementId, providerSignature: _signature, ...rest } = record
  return { ...rest, nonce: newNonce() }
}

function newRecord(status: ChainStatus, wanted: PutWanted): PutRecord {
  const { path, rootCid, fileBytes, pieceCid, pieceSize, payloadSize, duration, durationDefault, provider } = wanted
  const { genesisHash } = status
  return {
    schemaVersion: 1,
    genesisHash,
    rootCid,
    path,
    fileBytes,
    pieceCid,
    pieceSize,
    payloadSize,
    duration: duration ?? durationDefault,
    nonce: newNonce(),
    ...(provider === undefined ? {} : { provider }),
    active: false,
  }
}

function newNonce(): string {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!.toString()
}
