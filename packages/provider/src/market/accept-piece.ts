/**
 * POST /v1/deals: the upload becomes an agreement. The provider signs only for bytes that it has verified and synced,
 * and the same terms get the same answer for ever (docs/spec/market-protocol.md, agree).
 */
import { stat } from 'node:fs/promises'
import { GranaryError, toHex } from '@granary/base'
import type { ChainTime } from '@granary/protocol/epochs'
import {
  type Address,
  type DealTerms,
  dealTermsDigest,
  type Hash,
  type Signer,
  typedDealTerms,
} from '@granary/protocol/messages'
import type { DealRecord, DealStore } from '../deals/deal-store.ts'
import type { PieceFiles } from '../deals/piece-files.ts'
import type { KeyedLock } from '../storage/keyed-lock.ts'
import { dealBytes, type Space } from '../storage/space.ts'
import type { Witness } from '../storage/witness.ts'
import type { UploadChecks } from '../uploads/upload-checks.ts'
import {
  ClientFundsError,
  UploadAwayError,
  UploadIncompleteError,
  UploadNotFoundError,
} from '../uploads/upload-errors.ts'
import type { UploadGate } from '../uploads/upload-gate.ts'
import type { UploadRow, UploadStore } from '../uploads/upload-store.ts'
import { NonceConflictError, OffersFullError } from './agreement-errors.ts'
import { checkTerms } from './check-terms.ts'
import { type ProviderMeans, requireMeans } from './provider-means.ts'
import type { QuoteStore } from './quote-store.ts'
import { syncUpload } from './sync-upload.ts'
import { PieceMismatchError, verifyPiece } from './verify-piece.ts'

/** What has to be asked of the chain before signing. */
export interface AgreementChain {
  head(): Promise<ChainTime>
  freeBalanceOf(client: Address): Promise<bigint>
  means(): Promise<ProviderMeans>
  /** The most that publishing one deal costs. */
  publishFee(): Promise<bigint>
}

export interface AcceptPieceContext {
  readonly genesisHash: Hash
  readonly providerId: number
  readonly signer: Signer
  readonly chain: AgreementChain
  readonly deals: DealStore
  readonly uploads: UploadStore
  readonly quotes: QuoteStore
  readonly files: PieceFiles
  readonly space: Space
  readonly lock: KeyedLock
  readonly gate: UploadGate
  readonly checks: Pick<UploadChecks, 'finish'>
  readonly sectorBytes: number
  /** For how long from now a standing order is taken. */
  readonly ordersMaxMs: number
  readonly offeredBytesMax: number
  readonly witness: Pick<Witness, 'agreed'>
  /** The piece's file is in its place, new. */
  readonly onPlaced: (pieceCid: string) => void
  readonly requireServed: (rootCid: string | undefined) => void
}

export interface AcceptPieceRequest {
  readonly client: Address
  readonly uploadId: string
  readonly terms: DealTerms
}

export interface AcceptedPiece {
  readonly deal: DealRecord
  /** False when the same terms had been agreed on before. */
  readonly created: boolean
}

/**
 * @throws TermsRefusedError, NonceConflictError, UploadNotFoundError, UploadIncompleteError, UploadBusyError, PieceMismatchError,
 * CarInvalidError, CarRootMismatchError, ContentDeniedError, ClientFundsError, CollateralShortError, OffersFullError, NoSpaceError
 */
export async function acceptPiece(context: AcceptPieceContext, request: AcceptPieceRequest): Promise<AcceptedPiece> {
  const { client, terms, uploadId } = request
  return context.lock.run(`nonce:${client}:${terms.nonce}`, () =>
    context.lock.run(`upload:${uploadId}`, async () => {
      const known = await agreedBefore(context, request)
      return known === undefined
        ? { deal: await agree(context, request), created: true }
        : { deal: known, created: false }
    }),
  )
}

async function agreedBefore(
  context: AcceptPieceContext,
  { client, terms }: AcceptPieceRequest,
): Promise<DealRecord | undefined> {
  const known = context.deals.findByNonce(client, terms.nonce)
  if (known === undefined) return undefined
  const asked = agreementIdOf(context.genesisHash, terms)
  if (known.agreementId !== asked) throw new NonceConflictError(terms.nonce, known.agreementId, asked)
  await context.files.place(known.terms.pieceCid)
  // The same as before, unless the daemon has another key by now: the chain takes what that one signs.
  const signature = await context.signer.sign(typedDealTerms(context.genesisHash, known.terms))
  return { ...known, signature }
}

async function agree(context: AcceptPieceContext, request: AcceptPieceRequest): Promise<DealRecord> {
  const { client, terms, uploadId } = request
  const time = await context.chain.head()
  const { height } = time
  const quotes = context.quotes.validOf(client, height)
  checkTerms(terms, {
    client,
    providerId: context.providerId,
    time,
    ordersMaxMs: context.ordersMaxMs,
    quotes,
  })
  context.requireServed(terms.rootCid)
  using _ = context.gate.close(uploadId)
  const upload = await completeUpload(context, request)
  await checkFunds(context, terms)
  requireRoom(context, terms, upload, await context.chain.means())

  await verifyOrDrop(context, terms, uploadId)
  await syncUpload(context.files, uploadId)

  const agreementId = agreementIdOf(context.genesisHash, terms)
  const signature = await context.signer.sign(typedDealTerms(context.genesisHash, terms))
  // Hashing took its time and others were served meanwhile: what is left now is what counts.
  const means = await context.chain.means()
  requireRoom(context, terms, upload, means)
  context.deals.agree({ agreementId, terms, signature, epoch: height }, uploadId)
  context.witness.agreed(context.deals.count())
  await context.files.place(terms.pieceCid)
  context.onPlaced(terms.pieceCid)
  const deal = context.deals.find(agreementId)
  if (deal === undefined) throw new Error(`agreement ${agreementId} was written and is not there`)
  return deal
}

async function completeUpload(
  context: AcceptPieceContext,
  { client, terms, uploadId }: AcceptPieceRequest,
): Promise<UploadRow> {
  const upload = context.uploads.find(uploadId)
  if (upload === undefined || upload.client !== client) throw new UploadNotFoundError(uploadId)
  const path = context.files.stagingPath(uploadId)
  const { size } = await stat(path).catch((error: unknown) => {
    throw context.files.isUploadAway(uploadId, path) ? new UploadAwayError(uploadId) : error
  })
  if (size !== upload.sizeBytes) throw new UploadIncompleteError(uploadId, size, upload.sizeBytes)
  // Seen without reading the bytes; they stay, for terms that name them.
  if (upload.sizeBytes !== terms.payloadSize)
    throw new PieceMismatchError('the size of the upload', upload.sizeBytes, terms.payloadSize)
  return upload
}

async function checkFunds(context: AcceptPieceContext, terms: DealTerms): Promise<void> {
  const needed = terms.pricePerEpoch * BigInt(terms.duration) + (await context.chain.publishFee())
  const balance = await context.chain.freeBalanceOf(terms.client)
  if (balance < needed) throw new ClientFundsError(terms.client, balance, needed)
}

/** Synchronous: between this and the writing of the agreement nothing else may take the room. */
function requireRoom(context: AcceptPieceContext, terms: DealTerms, upload: UploadRow, means: ProviderMeans): void {
  const offered = context.deals.offered()
  const bytes = dealBytes(terms.payloadSize, terms.pieceSize)
  const promised = { collateral: offered.collateral, pieces: context.deals.waitingPieces() }
  requireMeans(means, promised, terms)
  if (offered.bytes + bytes > context.offeredBytesMax)
    throw new OffersFullError(offered.bytes + bytes, context.offeredBytesMax)
  // Its bytes were counted as they arrived.
  context.space.require(bytes - upload.sizeBytes)
}

async function verifyOrDrop(context: AcceptPieceContext, terms: DealTerms, uploadId: string): Promise<void> {
  try {
    const { pieceCid, pieceSize, payloadSize, rootCid } = terms
    const path = context.files.stagingPath(uploadId)
    const checked = await context.checks.finish({ uploadId, path, rootCid })
    await verifyPiece(path, { pieceCid, pieceSize, payloadSize, rootCid }, checked)
  } catch (error) {
    // The bytes are not what they were said to be, and never will be.
    if (GranaryError.is(error)) await context.files.removeUpload(uploadId)
    throw error
  }
}

function agreementIdOf(genesisHash: Hash, terms: DealTerms): Hash {
  return toHex(dealTermsDigest(genesisHash, terms))
}
