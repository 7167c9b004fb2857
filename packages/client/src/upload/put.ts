/**
 * A file into the market: pack, choose, quote, upload, agree, publish, follow until the deal is active. Killed at any
 * point and called again, it goes on where it was: nothing is sent twice that the provider has, nothing is paid twice.
 */
import { fromHex, GranaryError } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { DealForgottenError, followUntil } from '../deals/follow-until.ts'
import { publishDeal } from '../deals/publish-deal.ts'
import { settleEnded } from '../deals/settle-ended.ts'
import type { PutRecord } from '../journal/put-record.ts'
import { PAYLOAD_SHARE, paddedSizeOf } from '../padded-size-of.ts'
import type { Ports, Source } from '../ports.ts'
import { endpointOf } from '../providers/choose-provider.ts'
import { reporter } from '../reporter.ts'
import { agreeWithAny } from './agree-with-any.ts'
import { openRecord } from './open-record.ts'
import type { PutProgress } from './put-progress.ts'
import { stage } from './stage.ts'

const DURATION_DEFAULT_MS = { devnet: 60 * 60_000, production: 180 * 24 * 60 * 60_000 }

/** No sector of this chain has room for the file. */
export class PieceTooLargeError extends GranaryError {
  /** @param carBytes: undefined when the file alone is too large already, without the CAR around it */
  constructor(source: Source, carBytes: number | undefined, pieceSize: number, sectorBytes: number) {
    const car = carBytes === undefined ? 'its CAR more, a piece of at least' : `its CAR ${carBytes}, a piece of`
    super({
      code: 'PIECE_TOO_LARGE',
      message: `${source.name} has ${source.bytes} bytes, ${car} ${pieceSize}; the largest that a provider of this chain takes into a sector is ${sectorBytes}, with room for ${sectorBytes * PAYLOAD_SHARE}`,
      hint: 'split the file, or use a chain whose providers seal larger sectors',
      details: { path: source.name, fileBytes: source.bytes, carBytes, pieceSize, sectorBytes },
    })
  }
}

/** The longest that the chain takes (docs/spec/chain.md, DealTerms). */
const LABEL_BYTES_MAX = 256

export class LabelTooLongError extends GranaryError {
  constructor(bytes: number) {
    super({
      code: 'LABEL_TOO_LONG',
      message: `the label has ${bytes} bytes, at most ${LABEL_BYTES_MAX} are taken`,
      hint: 'choose a shorter label',
      details: { bytes, bytesMax: LABEL_BYTES_MAX },
    })
  }
}

export interface PutOptions {
  /** Epochs from activation. @default an hour on a devnet, 180 days elsewhere */
  readonly duration?: number | undefined
  /** @default the cheapest that fits and answers */
  readonly provider?: number | undefined
  /** Hundredths of a percent of the price that the provider is to put up. @default what the chain demands at least */
  readonly collateralShareBps?: number | undefined
  /** Goes on the chain, for all to see; at most 256 bytes. @default empty */
  readonly label?: string | undefined
  /** Make another deal even though this content has an active one. @default false */
  readonly again?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PutProgress) => void) | undefined
}

export interface PutResult {
  readonly rootCid: string
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
  readonly dealId: number
  readonly provider: number
  /** attoGRN in decimal, for the whole duration. */
  readonly price: string
  readonly agreementId: string
}

/**
 * @returns when the deal is active; also when it had been by an earlier put
 * @throws LabelTooLongError, PieceTooLargeError, PutRunningError, NoProviderError, InsufficientFundsError,
 * PriceChangedError, DealEndedError, JournalInvalidError, what reading the source throws, and the errors of chain and
 * provider
 */
export async function put<S extends Source>(ports: Ports<S>, source: S, options: PutOptions = {}): Promise<PutResult> {
  const { duration, provider, label = '', again = false, signal } = options
  const report = reporter(options.onProgress)
  const call: CallOptions = { signal }
  const labelBytes = new TextEncoder().encode(label).length
  if (labelBytes > LABEL_BYTES_MAX) throw new LabelTooLongError(labelBytes)
  const status = await ports.chain.status(call)
  const pieceSizeMax = await pieceSizeMaxOf(ports, call)
  checkSize(source, pieceSizeMax)
  // Before the balance is looked at: what comes back from ended deals may pay for this one.
  const { chain, account, spool } = ports
  await settleEnded({ chain, signer: account, deals: chain.deals({ client: account.address }, call), report }, call)

  using staged = await stage(ports, source, call)
  const { rootCid, pieceCid, blocks, fileBytes } = staged
  const { pieceSize, payloadSize } = staged.pieces[0]!
  report({ type: 'import:done', rootCid, fileBytes, blocks })
  report({ type: 'piece:done', pieceCid, pieceSize, payloadSize })
  if (pieceSize > pieceSizeMax && pieceSizeMax > 0) {
    throw new PieceTooLargeError(source, payloadSize, pieceSize, pieceSizeMax)
  }

  const durationDefault = durationDefaultOf(status)
  const piece = { path: source.name, rootCid, fileBytes, pieceCid, pieceSize, payloadSize }
  const wanted = { ...piece, duration, durationDefault, provider, again }
  let now = status
  let record = await openRecord(ports, now, wanted, call)
  reportResumed(record, report)
  for (;;) {
    if (record.dealId === undefined) record = await agreeAndPublish(ports, now, record, { ...options, label, report })
    if (record.active) break
    try {
      record = await follow(ports, record, record.dealId!, report, call)
      await ports.journal.write(record)
    } catch (error) {
      if (!(error instanceof DealForgottenError)) throw error
      report({ type: 'waiting', message: error.message })
      now = await chain.status(call)
      record = await openRecord(ports, now, wanted, call)
    }
  }
  await spool.remove(rootCid)
  const terms = dealTermsFromJson(record.terms)
  const price = `${terms.pricePerEpoch * BigInt(terms.duration)}`
  const agreementId = record.agreementId!
  const dealId = record.dealId!
  return { rootCid, pieceCid, pieceSize, payloadSize, dealId, provider: terms.provider, price, agreementId }
}

async function agreeAndPublish(
  ports: Ports,
  status: ChainStatus,
  earlier: PutRecord,
  options: PutOptions & { readonly label: string; report: (progress: PutProgress) => void },
): Promise<PutRecord> {
  const { label, collateralShareBps, report, signal } = options
  const call: CallOptions = { signal }
  const { chain, account, journal } = ports
  const { genesisHash } = status
  let record = earlier
  if (!record.providerSignature) {
    const providerNamed = options.provider !== undefined
    const asked = { label, collateralShareBps, providerNamed, report }
    record = (await agreeWithAny({ ports, status, record, ...asked }, call)).record
  }
  const terms = dealTermsFromJson(record.terms)
  const providerSignature = fromHex(record.providerSignature ?? '0x')
  const deal = await publishDeal({ chain, signer: account, genesisHash, terms, providerSignature }, call)
  record = { ...record, dealId: deal.id }
  await journal.write(record)
  report({ type: 'published', dealId: deal.id, locked: deal.locked, epoch: deal.publishedAt })
  return record
}

async function follow(
  ports: Ports,
  record: PutRecord,
  dealId: number,
  report: (progress: PutProgress) => void,
  { signal }: CallOptions,
): Promise<PutRecord> {
  const { chain, clock, fetch } = ports
  const view = await chain.provider(record.provider!, { signal })
  const endpoint = endpointOf(view) ?? ''
  const agreementId = record.agreementId!
  const deal = await followUntil({ chain, clock, fetch, endpoint, dealId, agreementId }, { signal, onProgress: report })
  report({ type: 'active', dealId, epoch: deal.activatedAt ?? 0, sector: deal.sector?.number ?? 0 })
  return { ...record, active: true }
}

function reportResumed(record: PutRecord, report: (progress: PutProgress) => void): void {
  const step = record.active
    ? 'done'
    : record.dealId !== undefined
      ? 'follow'
      : record.providerSignature
        ? 'publish'
        : record.uploadUrl
          ? 'upload'
          : undefined
  if (step) report({ type: 'resumed', step })
}

function durationDefaultOf(status: ChainStatus): number {
  const ms = status.devnet ? DURATION_DEFAULT_MS.devnet : DURATION_DEFAULT_MS.production
  return Math.ceil(ms / status.blockTimeMs)
}

/** The largest piece that any ask on the chain takes, in bytes; 0 without an ask. */
async function pieceSizeMaxOf(ports: Ports, call: CallOptions): Promise<number> {
  let largest = 0
  for await (const { ask } of ports.chain.providers(call)) largest = Math.max(largest, ask?.pieceSizeMax ?? 0)
  return largest
}

/** Refuses a file that does not fit even without a CAR around it, before it is read. */
function checkSize(source: Source, pieceSizeMax: number): void {
  const pieceSize = paddedSizeOf(source.bytes ?? 0)
  if (pieceSizeMax > 0 && pieceSize > pieceSizeMax) {
    throw new PieceTooLargeError(source, undefined, pieceSize, pieceSizeMax)
  }
}
