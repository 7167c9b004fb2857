/** The story of a put, one line a fact, each with the time that has passed since the command began. */

import type { TimelineEntry } from '@granary/client'
import type { GetProgress, PutProgress } from '@granary/client/node'
import { formatGrn } from '@granary/protocol/messages'
import { paint, type Style } from './paint.ts'
import { printable } from './printable.ts'
import { formatBytes, formatMs, plural } from './quantities.ts'
import { settlementText } from './settlement.ts'

/** At most this often a line about the upload. */
const UPLOAD_LINE_MS = 1_000
const TIME_WIDTH = 12
const TITLE_WIDTH = 14

export interface Story {
  /** A line of the caller's own. */
  say(title: string, text: string, style?: Style): void
  tell(progress: PutProgress | GetProgress): void
}

export interface StoryOptions {
  readonly stream: NodeJS.WritableStream
  /** @default now */
  readonly startMs?: number
}

export function createStory({ stream, startMs = performance.now() }: StoryOptions): Story {
  let uploadLineMs = Number.NEGATIVE_INFINITY
  const say = (title: string, text: string, style?: Style) => {
    const time = paint(stream, 'dim', formatMs(performance.now() - startMs).padStart(TIME_WIDTH))
    const head = printable(title).padEnd(TITLE_WIDTH)
    stream.write(`${time}  ${style ? paint(stream, style, head) : head}  ${printable(text)}\n`)
  }
  return {
    say,
    tell(progress) {
      if (progress.type === 'upload:progress' && progress.sent < progress.total) {
        if (performance.now() - uploadLineMs < UPLOAD_LINE_MS) return
        uploadLineMs = performance.now()
      }
      const line = progress.type === 'deal' ? lineOfEntry(progress.entry) : lineOf(progress)
      if (line) say(...line)
    },
  }
}

type Line = readonly [title: string, text: string, style?: Style]

function lineOf(progress: Exclude<PutProgress, { type: 'deal' }> | GetProgress): Line | undefined {
  switch (progress.type) {
    case 'settled':
      return ['settled', settlementText(progress)]
    case 'settle:failed':
      return ['not settled', settlementText(progress), 'yellow']
    case 'import:done':
      return [
        'root CID',
        `${progress.rootCid}  (${formatBytes(progress.fileBytes)}, ${plural(progress.blocks, 'block')})`,
      ]
    case 'piece:done': {
      const { pieceCid, payloadSize, pieceSize } = progress
      return ['piece CID', `${pieceCid}  (CAR of ${formatBytes(payloadSize)}, piece of ${formatBytes(pieceSize)})`]
    }
    case 'resumed':
      return ['resumed', resumedText(progress.step), 'yellow']
    case 'provider:refused':
      return ['passed over', `provider ${progress.provider}: ${progress.message}`, 'yellow']
    case 'provider:chosen':
      return ['provider', `${progress.provider}${progress.name && ` (${progress.name})`} at ${progress.endpoint}`]
    case 'quoted': {
      const grn = (amount: string) => formatGrn(BigInt(amount))
      const { total, pricePerEpoch, recordFee, collateral, duration } = progress
      const price = `${grn(total)} for ${duration} epochs (${grn(pricePerEpoch)} an epoch)`
      return ['price', `${price}, and ${grn(recordFee)} for its record; ${grn(collateral)} are put up by the provider`]
    }
    case 'upload:progress': {
      const { sent, total } = progress
      const percent = total === 0 ? 100 : Math.floor((sent * 100) / total)
      return ['upload', `${percent} %  ${sent} of ${total} bytes`]
    }
    case 'agreed':
      return ['agreed', `provider ${progress.provider} has verified the data and signed ${progress.agreementId}`]
    case 'published':
      return ['deal', `${progress.dealId}, in block ${progress.epoch}: ${formatGrn(BigInt(progress.locked))} locked`]
    case 'active':
      return [
        'active',
        `deal ${progress.dealId} in sector ${progress.sector}, paid by the epoch from ${progress.epoch} on`,
        'green',
      ]
    case 'waiting':
      return ['waiting', progress.message, 'yellow']
    case 'provider:trying':
      return ['fetching', `from provider ${progress.provider} at ${progress.endpoint}`]
    case 'provider:failed':
      return ['failed', `provider ${progress.provider}: ${progress.message} [${progress.code}]`, 'yellow']
    case 'get:progress':
      return undefined
  }
}

function resumedText(step: 'upload' | 'publish' | 'follow' | 'done'): string {
  const texts = {
    upload: 'an earlier put of this file had begun its upload',
    publish: 'an earlier put of this file had reached an agreement',
    follow: 'an earlier put of this file had published its deal',
    done: 'this file has an active deal already (--again makes another)',
  }
  return texts[step]
}

/** What the provider tells; agreed, published and active have lines of their own, from the client's side. */
function lineOfEntry(entry: TimelineEntry): Line | undefined {
  switch (entry.type) {
    case 'agreed':
    case 'published':
    case 'active':
      return undefined
    case 'sector-planned':
      return ['sector', `${entry.sector}, with ${plural(entry.pieces, 'piece')}`]
    case 'seal-started':
      return ['sealing', `sector ${entry.sector}`]
    case 'seal-layer':
      return ['sealing', `sector ${entry.sector}, layer ${entry.layer} of ${entry.layers}`]
    case 'sealed':
      return ['sealed', `sector ${entry.sector} in ${entry.seconds} s, CommR ${entry.commR}`]
    case 'precommitted':
      return ['PreCommit', `sector ${entry.sector}, in block ${entry.epoch}: the chain draws its challenges after this`]
    case 'porep-sent':
      return ['PoRep', `sector ${entry.sector}: ${entry.bytes} bytes sent, made in ${formatMs(entry.proveMs)}`]
    case 'porep-accepted': {
      const { bytes = '?', verifyMs, epoch } = entry
      const took = verifyMs === undefined ? '' : ` in ${formatMs(verifyMs)}`
      return ['PoRep accepted', `${bytes} bytes, verified by the chain${took}, block ${epoch}`, 'green']
    }
    case 'challenged':
      return ['challenge', `partition ${entry.partition} at epoch ${entry.epoch}, due by ${entry.deadline}`]
    case 'post-accepted': {
      const { partition, bytes, challengeEpoch, epoch } = entry
      const text = `partition ${partition}, challenge of epoch ${challengeEpoch}, ${bytes} bytes, block ${epoch}`
      return ['PoSt accepted', text, 'green']
    }
    case 'post-missed':
      return ['PoSt missed', `partition ${entry.partition}: those epochs are not paid`, 'red']
    case 'settled':
      return ['paid', `${formatGrn(BigInt(entry.paid))} to the provider for ${entry.provenEpochs} proven epochs`]
    case 'failed':
      return ['failed', `${entry.message} [${entry.code}]`, 'red']
    case 'adopted':
    case 'rolled-back':
    case 'expired':
    case 'terminated':
    case 'lapsed':
    case 'cancelled':
    case 'offer-expired':
      return [entry.type, entry.epoch ? `at epoch ${entry.epoch}` : '']
  }
  entry satisfies never
}
