/**
 * A file into the market: pack, choose, quote, upload, agree, publish, follow until the deal is active. Killed at any
 * point and called again, it goes on where it was: nothing is sent twice that the provider has, nothing is paid twice.
 */
import { GranaryError } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import { settleEnded } from '../deals/settle-ended.ts'
import type { Slot, UploadState } from '../journal/upload-state.ts'
import { PAYLOAD_SHARE, paddedSizeOf } from '../padded-size-of.ts'
import type { Ports, Source } from '../ports.ts'
import { reporter } from '../reporter.ts'
import { type Content, type ContentSource, contentSource, isContent } from '../sources/content-source.ts'
import { openUpload } from './open-upload.ts'
import type { PutProgress } from './put-progress.ts'
import { runUpload } from './run-upload.ts'
import { stage } from './stage.ts'
import { stateOf, type UploadRun } from './upload-run.ts'

const DURATION_DEFAULT_MS = { devnet: 60 * 60_000, production: 180 * 24 * 60 * 60_000 }

/** No sector of this chain has room for the file. */
export class PieceTooLargeError extends GranaryError {
  /** @param carBytes: undefined when the file alone is too large already, without the CAR around it */
  constructor(
    source: Pick<Source, 'name' | 'bytes'>,
    carBytes: number | undefined,
    pieceSize: number,
    sectorBytes: number,
  ) {
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
export async function put<S extends Source>(
  ports: Ports<S | ContentSource>,
  given: S | ContentSource | Content,
  options: PutOptions = {},
): Promise<PutResult> {
  const source = isContent(given) ? contentSource(given) : given
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

  await using staged = await stage(ports, source, call)
  const { rootCid, blocks, fileBytes } = staged
  const { pieceSize, payloadSize } = staged.pieces[0]!
  report({ type: 'import:done', rootCid, fileBytes, blocks })
  if (pieceSize > pieceSizeMax && pieceSizeMax > 0) {
    throw new PieceTooLargeError(source, payloadSize, pieceSize, pieceSizeMax)
  }

  const durationDefault = durationDefaultOf(status)
  const wanted = {
    name: source.name,
    rootCid,
    fileBytes,
    pieces: staged.pieces,
    duration,
    durationDefault,
    provider,
    again,
  }
  await using log = await ports.journal.open(status.genesisHash, rootCid)
  const compare = async (now: ChainStatus): Promise<void> => {
    await openUpload(ports, now, log, wanted, call)
    if (log.state !== undefined) reportResumed(log.state, report)
  }
  await compare(status)
  const run: UploadRun = {
    ports,
    status,
    log,
    label,
    collateralShareBps: options.collateralShareBps,
    provider,
    report,
    met: new Map(),
    refusals: new Map(),
    withdrawn: new Set(),
    namings: new Map(),
    tokens: new Map(),
    compare: async () => compare(await chain.status(call)),
  }
  const [failure] = await runUpload(run, 'active', call).then((failures) => failures.values())
  if (failure !== undefined) throw failure
  await spool.remove(rootCid)
  return resultOf(stateOf(run))
}

function resultOf({ rootCid, slots }: UploadState): PutResult {
  const [slot] = slots
  if (slot?.state !== 'active') throw new RangeError(`the upload of ${rootCid} is not complete`)
  const { agreementId, dealId } = slot
  const { pieceCid, pieceSize, payloadSize, provider, pricePerEpoch, duration } = dealTermsFromJson(slot.terms)
  const price = `${pricePerEpoch * BigInt(duration)}`
  return { rootCid, pieceCid, pieceSize, payloadSize, dealId, provider, price, agreementId }
}

/** How far an earlier run of this upload had come, if there was one. */
function reportResumed({ slots }: UploadState, report: (progress: PutProgress) => void): void {
  for (const slot of slots) {
    const step = resumedStep(slot)
    if (step !== undefined) report({ type: 'resumed', step })
  }
}

function resumedStep(slot: Slot): 'upload' | 'publish' | 'follow' | 'done' | undefined {
  switch (slot.state) {
    case 'active':
      return 'done'
    case 'published':
      return 'follow'
    case 'agreed':
      return 'publish'
    case 'vacant':
      return undefined
    default:
      return slot.uploadUrl === undefined ? undefined : 'upload'
  }
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
