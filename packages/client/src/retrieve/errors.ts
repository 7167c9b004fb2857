/** What can be wrong with getting content back. In a module of its own: who only catches these loads nothing that fetches. */
import { GranaryError } from '@granary/base'
import type { DealState } from '@granary/protocol/client'
import { formatDate } from '@granary/protocol/epochs'

/** CID_NOT_STORED: no deal that runs has this content. */
export class CidNotStoredError extends GranaryError {
  constructor(cid: string, chainUrl: string) {
    super({
      code: 'CID_NOT_STORED',
      message: `no deal on the chain at ${chainUrl} names ${cid}`,
      hint: 'check the CID (that of the whole, as put prints it, with the path below it) and that this is the chain it was put on',
      details: { cid, chain: chainUrl },
    })
  }
}

/** What had begun to come breaks off: the connection is gone, or the rest is not there. */
export class AnswerBrokenError extends GranaryError {
  constructor(url: string, reason: string, cause?: unknown) {
    super({
      code: 'CAR_TRUNCATED',
      message: `the answer of ${url} broke off: ${reason}`,
      hint: 'try again, or ask another provider or gateway',
      details: { url },
      cause,
    })
  }
}

/** Blocks are what their CIDs say, and are not those that were asked for. */
export class AnswerOrderError extends GranaryError {
  constructor(url: string, needed: string) {
    super({
      code: 'CAR_ORDER',
      message: `the answer of ${url} has other blocks where ${needed} is needed`,
      hint: 'ask another provider or gateway',
      details: { url, needed },
    })
  }
}

/** A deal of the content that has ended, and how. */
export interface EndedDeal {
  readonly deal: number
  readonly state: DealState
  /** When it ended, where the chain still says so. */
  readonly epoch?: number
  /** The same in milliseconds since 1970, an estimate by the head of the chain. */
  readonly epochMs?: number
}

/** A holder that did not give what it was asked for, and why. */
export interface RetrievalFailure {
  /** Absent for a gateway. */
  readonly provider?: number
  readonly endpoint: string
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  /** The newest deal of the provider for this content, when all of them have ended. */
  readonly ended?: EndedDeal
}

/** Everybody who may have a block was asked for it, and none gave it. */
export class RetrievalFailedError extends GranaryError {
  readonly failures: readonly RetrievalFailure[]

  constructor(cid: string, failures: readonly RetrievalFailure[]) {
    const retryable = failures.some((failure) => failure.retryable)
    const isOver = failures.length > 0 && failures.every(({ ended }) => ended !== undefined)
    const others = failures.some(({ provider }) => provider !== undefined)
      ? 'look at `granary status` for the providers'
      : 'ask another gateway'
    const then = retryable ? 'try again later, or' : 'none of them will ever answer otherwise:'
    super({
      code: 'RETRIEVAL_FAILED',
      message: `${cid} could not be fetched: ${failures.map(textOf).join('; ')}`,
      hint: `nothing was written; ${isOver ? 'no deal binds a provider to keep it any more: `granary put` stores it again, from a copy' : `${then} ${others}`}`,
      retryable,
      details: { cid, failures },
    })
    this.failures = failures
  }
}

function textOf({ provider, endpoint, message, ended }: RetrievalFailure): string {
  const who = provider === undefined ? `gateway ${endpoint}` : `provider ${provider} (${endpoint})`
  return `${who}: ${message}${endedText(ended)}`
}

export function endedText(ended: EndedDeal | undefined): string {
  if (ended === undefined) return ''
  const { deal, state, epoch, epochMs = Number.NaN } = ended
  const when = epoch === undefined ? '' : ` ${formatDate(new Date(epochMs))} (epoch ${epoch})`
  return ` (deal ${deal} ${endings[state] ?? state}${when}: the provider need not keep it any longer)`
}

const endings: Partial<Record<DealState, string>> = {
  expired: 'ended',
  lapsed: 'lapsed',
  terminated: 'was terminated',
  cancelled: 'was cancelled',
}
