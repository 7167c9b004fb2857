/** How a put starts: with the record of an earlier, interrupted one, or with a new one. */
import { toHex } from '@granary/base'
import type { ChainStatus, DealView } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { findPublished } from '../deals/publish-deal.ts'
import type { PutRecord } from '../journal/put-record.ts'
import type { Ports, Random } from '../ports.ts'

type RecordPorts = Pick<Ports, 'chain' | 'account' | 'journal' | 'random'>

/** A running deal of this content counts as done; one in these states does not. */
const ENDED: ReadonlySet<string> = new Set(['expired', 'lapsed', 'terminated', 'cancelled'])

export interface PutWanted {
  readonly path: string
  readonly rootCid: string
  readonly fileBytes: number
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  /** Epochs; undefined: the default, or that of a deal for this content that runs already. */
  readonly duration: number | undefined
  readonly durationDefault: number
  /** Undefined: any provider, preferably that of an earlier run. */
  readonly provider: number | undefined
  /** Another deal even though this content has one that runs. */
  readonly again: boolean
}

/** Resolves when the record, with its nonce, is in the journal: nothing of it has left this machine before. */
export async function openRecord(
  ports: RecordPorts,
  status: ChainStatus,
  wanted: PutWanted,
  options: CallOptions,
): Promise<PutRecord> {
  const earlier = await ports.journal.read(status.genesisHash, wanted.rootCid)
  const kept = earlier && (await goOn(ports, status, earlier, wanted, options))
  // Before a first agreement the chain is asked for a deal that the journal does not have, or has lost.
  const running = kept?.agreementId || wanted.again ? undefined : await runningDeal(ports, wanted, options)
  const record = running
    ? adopt(newRecord(status, wanted, ports.random), running)
    : (kept ?? newRecord(status, wanted, ports.random))
  if (record !== earlier) await ports.journal.write(record)
  return record
}

/** A running deal of this account that is what this put wants: made on another machine, or before the journal was lost. */
async function runningDeal(
  { chain, account }: RecordPorts,
  { rootCid, provider, duration }: PutWanted,
  options: CallOptions,
): Promise<DealView | undefined> {
  for await (const deal of chain.deals({ rootCid }, options)) {
    const { terms } = deal
    const fits =
      terms.client === account.address &&
      (provider === undefined || terms.provider === provider) &&
      (duration === undefined || Number(terms.duration) === duration)
    if (fits && !ENDED.has(deal.state)) return deal
  }
  return undefined
}

function adopt(record: PutRecord, { id, terms, agreementId, state }: DealView): PutRecord {
  const { provider, nonce, duration } = dealTermsFromJson(terms)
  const active = state === 'active'
  return { ...record, provider, nonce: `${nonce}`, duration, terms, agreementId, dealId: id, active }
}

/** What holds of the earlier record; undefined when the put begins anew. */
async function goOn(
  ports: RecordPorts,
  status: ChainStatus,
  earlier: PutRecord,
  wanted: PutWanted,
  options: CallOptions,
): Promise<PutRecord | undefined> {
  const other =
    (wanted.provider !== undefined && earlier.provider !== undefined && wanted.provider !== earlier.provider) ||
    (wanted.duration !== undefined && wanted.duration !== earlier.duration && earlier.terms !== undefined) ||
    (wanted.again && earlier.active)
  if (other) return undefined
  const { terms, agreementId } = earlier
  if (!terms || !agreementId) return withWanted(earlier, wanted, ports.random)
  const deal = await findPublished({ chain: ports.chain, terms: dealTermsFromJson(terms), agreementId }, options)
  if (deal) return ENDED.has(deal.state) ? undefined : { ...earlier, dealId: deal.id }
  // The chain does not have the deal of the record: it was rolled back behind it, or never had it.
  const { dealId: _dealId, ...unpublished } = { ...earlier, active: false }
  // `status` is older than the look at the deals, so terms that have run out by it can never be published any more.
  return status.height >= Number(terms.validUntil) ? withoutTerms(unpublished, ports.random) : unpublished
}

/** Before an agreement, duration and provider are those of this call; when they differ, the earlier quote is of no use. */
function withWanted(record: PutRecord, wanted: PutWanted, random: Random): PutRecord {
  const { duration = wanted.durationDefault, provider = record.provider } = wanted
  return duration === record.duration && provider === record.provider
    ? record
    : { ...withoutTerms(record, random), duration, provider }
}

/** Keeps the upload; quote and terms are to be made anew, under another nonce. */
export function withoutTerms(record: PutRecord, random: Random): PutRecord {
  const { quote: _quote, terms: _terms, agreementId: _agreementId, providerSignature: _signature, ...rest } = record
  return { ...rest, nonce: newNonce(random) }
}

function newRecord(status: ChainStatus, wanted: PutWanted, random: Random): PutRecord {
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
    nonce: newNonce(random),
    ...(provider === undefined ? {} : { provider }),
    active: false,
  }
}

/** A u64. */
function newNonce(random: Random): string {
  return BigInt(toHex(random.bytes(8))).toString()
}
