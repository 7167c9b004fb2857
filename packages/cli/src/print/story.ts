/** The story of a put, one line a fact, each with the time that has passed since the command began. */

import type { TimelineEntry } from '@granary/client'
import type { GetProgress, PutProgress } from '@granary/client/node'
import type { ProgramContext } from '../program-context.ts'
import { formatAmount } from './amounts.ts'
import { holderText } from './holder-text.ts'
import type { Style } from './paint.ts'
import { createProgress, type Progress, type ProgressOptions } from './progress.ts'
import { formatBytes, formatMs, plural } from './quantities.ts'
import { settlementText } from './settlement.ts'
import { type ChainTime, formatDate, formatDuration, formatEpochs, momentOf } from './times.ts'

export interface Story extends Progress {
  tell(progress: PutProgress | GetProgress): void
  /** Once the chain is known: until then an epoch is told as its number. */
  know(time: ChainTime): void
}

export interface StoryOptions extends ProgressOptions {
  readonly stream: NodeJS.WritableStream
  readonly env?: ProgramContext['env']
}

/** To be disposed of, as any progress. */
export async function createStory({ stream, env = {}, ...options }: StoryOptions): Promise<Story> {
  const progress = await createProgress({ stderr: stream, env }, options)
  const uploadMs = new Map<number, number>()
  let slots = 1
  let time: ChainTime | undefined
  const upload = (slot: number, sent: number, total: number) => {
    const name = slots === 1 ? 'upload' : `upload ${slot + 1}`
    const beganMs = uploadMs.get(slot) ?? performance.now()
    uploadMs.set(slot, beganMs)
    if (sent < total) return progress.show({ name, step: 'sent', bytes: sent, bytesTotal: total })
    progress.end(name)
    progress.say(name, `all ${formatBytes(total)} sent in ${formatMs(performance.now() - beganMs)}`)
    uploadMs.delete(slot)
  }
  return {
    ...progress,
    know(now) {
      time = now
    },
    tell(news) {
      if (news.type === 'planned') slots = news.slots.length
      if (news.type === 'upload:progress') return upload(news.slot, news.sent, news.total)
      if (news.type === 'get:progress') {
        const { bytes, size } = news
        return progress.show({
          name: 'fetching',
          step: 'verified',
          bytes,
          ...(size === undefined ? {} : { bytesTotal: size }),
        })
      }
      const line = news.type === 'deal' ? lineOfEntry(news.entry, time) : lineOf(news)
      if (line) progress.say(...line)
    },
  }
}

type Line = readonly [title: string, text: string, style?: Style]

type Told = Exclude<PutProgress | GetProgress, { type: 'deal' | 'upload:progress' | 'get:progress' }>

function lineOf(progress: Told): Line {
  switch (progress.type) {
    case 'settled':
      return ['settled', settlementText(progress)]
    case 'settle:failed':
      return ['not settled', settlementText(progress), 'yellow']
    case 'import:done': {
      const { rootCid, fileBytes, blocks } = progress
      const size = `${fileBytes === 0 ? 'empty: ' : ''}${formatBytes(fileBytes)}, ${plural(blocks, 'block')}`
      return ['root CID', `${rootCid}  (${size})`]
    }
    case 'name:left-out':
      return [
        'name',
        `not kept: an earlier put of this file without it goes on (--wrap pays for one with it)`,
        'yellow',
      ]
    case 'planned':
      return ['plan', planText(progress)]
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
      const { total, pricePerEpoch, recordFee, collateral, duration, durationMs } = progress
      const price = `${formatAmount(total)} for ${formatDuration(durationMs)} (${plural(duration, 'epoch')} of ${formatAmount(pricePerEpoch)})`
      return [
        'price',
        `${price}, and ${formatAmount(recordFee)} for its record; ${formatAmount(collateral)} are put up by the provider`,
      ]
    }
    case 'agreed':
      return ['agreed', `provider ${progress.provider} has verified the data and signed ${progress.agreementId}`]
    case 'published':
      return ['deal', `${progress.dealId}, in block ${progress.epoch}: ${formatAmount(progress.locked)} locked`]
    case 'active':
      return [
        'active',
        `deal ${progress.dealId} in sector ${progress.sector}, paid by the epoch from ${progress.epoch} on`,
        'green',
      ]
    case 'provider:away': {
      const { provider, dealId, message, lapsesAt, lapsesAtMs } = progress
      const until = `${formatDate(new Date(lapsesAtMs))} (epoch ${lapsesAt})`
      const text = `${message}; unless provider ${provider} proves deal ${dealId} by ${until}, the chain gives its money back`
      return ['away', text, 'yellow']
    }
    case 'waiting':
      return ['waiting', progress.message, 'yellow']
    case 'provider:trying':
      return ['fetching', `from ${holderText(progress)}`]
    case 'provider:failed':
      return ['failed', `${holderText(progress)}: ${progress.message} [${progress.code}]`, 'yellow']
  }
}

function planText({ slots, pieces, total }: Extract<Told, { type: 'planned' }>): string {
  const what = `${plural(slots.length, 'deal')} for ${plural(pieces.length, 'piece')}`
  const alike = [...new Set(slots.flatMap(({ shares }) => shares))]
  const spread = alike.length === 0 ? '' : `; no other copies are of another ${alike.join(' or ')}`
  return `${what}, at most ${formatAmount(total)} with all fees${spread}`
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
function lineOfEntry(entry: TimelineEntry, time: ChainTime | undefined): Line | undefined {
  const when = (epoch: number) => (time === undefined ? `epoch ${epoch}` : momentOf(epoch, time))
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
      return ['challenge', `partition ${entry.partition} at epoch ${entry.epoch}, due by ${when(entry.deadline)}`]
    case 'post-accepted': {
      const { partition, bytes, challengeEpoch, epoch } = entry
      const text = `partition ${partition}, challenge of epoch ${challengeEpoch}, ${bytes} bytes, block ${epoch}`
      return ['PoSt accepted', text, 'green']
    }
    case 'post-missed':
      return ['PoSt missed', `partition ${entry.partition}: the time since its last proof is not paid`, 'red']
    case 'settled':
      return ['paid', `${formatAmount(entry.paid)} to the provider for ${provenText(entry.provenEpochs, time)}`]
    case 'extended':
      return ['extended', `by its standing order, until ${when(entry.endsAt)}`]
    case 'failed':
      return ['failed', `${entry.message} [${entry.code}]`, 'red']
    case 'adopted':
    case 'rolled-back':
    case 'expired':
    case 'terminated':
    case 'lapsed':
    case 'cancelled':
    case 'offer-expired':
      return [entry.type, entry.epoch ? when(entry.epoch) : '']
  }
  entry satisfies never
}

export function provenText(epochs: number, time: ChainTime | undefined): string {
  return time === undefined ? plural(epochs, 'proven epoch') : `${formatEpochs(epochs, time)} that are proven`
}
