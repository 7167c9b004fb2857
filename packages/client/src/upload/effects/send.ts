/** The bytes of a slot's piece to its provider: from where the provider says that an earlier run had come. */
import { quoteFromJson } from '@granary/protocol/messages'
import type { CallOptions } from '../../call-options.ts'
import { uploadPiece } from '../../providers/upload-piece.ts'
import { checkFunds } from '../check-funds.ts'
import { createPieceNaming, type PieceNaming } from '../piece-naming.ts'
import { slotIn, stateOf, type UploadRun } from '../upload-run.ts'
import { checkPrice } from './offer.ts'
import { tokenFor } from './token-for.ts'

/** @throws PriceAboveMaxError, InsufficientFundsError, and what the provider refuses */
export async function send(run: UploadRun, index: number, options: CallOptions): Promise<void> {
  const { ports, log, met, report } = run
  const { chain, account, spool, clock, fetch } = ports
  const { uploadUrl: earlier, quote, piece, of } = slotIn(run, index, 'quoted')
  const { rootCid } = stateOf(run)
  // Before the bytes: after them, the same refusal would have cost an upload.
  await checkPrice(run, index)
  await checkFunds({ chain, address: account.address, prices: waitingPrices(run) }, options)

  await using car = await spool.open(rootCid, piece)
  const source = of.pieceCid === undefined ? (await namingOf(run, piece)).through(car) : car
  const { endpoint } = met.get(index)!
  const token = tokenFor(run, index, options)
  const metadata = { pieceSize: of.pieceSize, rootCid, quoteId: quoteFromJson(quote).quoteId }
  const uploadUrl = await uploadPiece(
    { endpoint, source, metadata, token, uploadUrl: earlier, fetch, clock },
    {
      signal: options.signal,
      onUploadUrl: (url) => log.append({ type: 'slot:upload-opened', slot: index, uploadUrl: url }),
      onSilent: ({ message }) => report({ type: 'waiting', slot: index, message }),
      onProgress: ({ sent, total }) => report({ type: 'upload:progress', slot: index, sent, total }),
    },
  )
  if (uploadUrl !== slotIn(run, index, 'quoted').uploadUrl)
    await log.append({ type: 'slot:upload-opened', slot: index, uploadUrl })
  await log.append({ type: 'slot:uploaded', slot: index })
}

export async function namingOf({ ports, namings }: UploadRun, piece: number): Promise<PieceNaming> {
  const hasher = await ports.hasher()
  const naming = namings.get(piece) ?? createPieceNaming(hasher)
  namings.set(piece, naming)
  return naming
}

/** Of the deals that are quoted and not on the chain yet. */
function waitingPrices(run: UploadRun): bigint[] {
  const { slots } = stateOf(run)
  return slots.flatMap((slot, index) =>
    'quote' in slot && !run.skipped.has(index) ? [quoteFromJson(slot.quote).total] : [],
  )
}
