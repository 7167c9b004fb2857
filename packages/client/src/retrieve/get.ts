/**
 * A file back by its CID: the chain's deals say who has it, each of them is tried until one gives every block as its CID
 * says. The sink has the file only when all of it is verified.
 */
import { GranaryError, isAbortError } from '@granary/base'
import { type DealState, type DealView, readBody } from '@granary/protocol/client'
import type { CallOptions } from '../call-options.ts'
import { chunksOf } from '../chunks-of.ts'
import type { Ports, Sink } from '../ports.ts'
import { endpointOf } from '../providers/choose-provider.ts'
import { errorOf, ProviderUnreachableError } from '../providers/request-json.ts'
import { watchFlow } from '../providers/watch-flow.ts'
import { reporter } from '../reporter.ts'

/** A provider that sends less than this in that time is given up for the next one. */
const FLOW_BYTES_MIN = 16 << 10
const IDLE_MAX_MS = 30_000
/** How long a provider may take to unseal what it no longer has unsealed. */
const UNSEAL_MAX_MS = 10 * 60_000
const RETRY_AFTER_DEFAULT_MS = 2_000
/** Below IDLE_MAX_MS, so that waiting is not taken for silence. */
const RETRY_AFTER_MAX_MS = 20_000

const LIVE_STATES: readonly DealState[] = ['active', 'committed', 'published']
const ENDED_STATES: readonly DealState[] = ['expired', 'terminated', 'cancelled', 'lapsed']
/** In the order in which providers are tried: those whose deal binds them come first. */
const STATES: readonly DealState[] = [...LIVE_STATES, ...ENDED_STATES]

export class CidNotStoredError extends GranaryError {
  constructor(cid: string, chainUrl: string) {
    super({
      code: 'CID_NOT_STORED',
      message: `no deal on the chain at ${chainUrl} names ${cid}`,
      hint: 'check the CID (that of the whole file, as put prints it) and that this is the chain it was put on',
      details: { cid, chain: chainUrl },
    })
  }
}

export interface RetrievalFailure {
  readonly provider: number
  readonly endpoint: string
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  /** The newest deal of the provider for this content, when all of them have ended. */
  readonly ended?: EndedDeal
}

export interface EndedDeal {
  readonly deal: number
  readonly state: DealState
  /** When it ended, where the chain still says so. */
  readonly epoch?: number
}

/** Every provider with a deal for the content was tried, and none gave it. */
export class RetrievalFailedError extends GranaryError {
  readonly failures: readonly RetrievalFailure[]

  constructor(cid: string, failures: readonly RetrievalFailure[]) {
    const retryable = failures.some((failure) => failure.retryable)
    const why = failures.map(
      ({ provider, endpoint, message, ended }) => `provider ${provider} (${endpoint}): ${message}${endedText(ended)}`,
    )
    const isOver = failures.every(({ ended }) => ended !== undefined)
    super({
      code: 'RETRIEVAL_FAILED',
      message: `${cid} could not be fetched: ${why.join('; ')}`,
      hint: isOver
        ? 'nothing was written; no deal binds a provider to keep it any more: `granary put` stores it again, from a copy'
        : retryable
          ? 'nothing was written; try again later, or look at `granary status` for the providers'
          : 'nothing was written; none of them will ever answer otherwise: look at `granary status` for the providers',
      retryable,
      details: { cid, failures },
    })
    this.failures = failures
  }
}

function endedText(ended: EndedDeal | undefined): string {
  if (ended === undefined) return ''
  const { deal, state, epoch } = ended
  const when = epoch === undefined ? '' : ` at epoch ${epoch}`
  return ` (deal ${deal} ${endings[state] ?? state}${when}: the provider need not keep it any longer)`
}

const endings: Partial<Record<DealState, string>> = {
  expired: 'ended',
  lapsed: 'lapsed',
  terminated: 'was terminated',
  cancelled: 'was cancelled',
}

export type GetProgress =
  | { readonly type: 'provider:trying'; readonly provider: number; readonly endpoint: string }
  | { readonly type: 'provider:failed'; readonly provider: number; readonly code: string; readonly message: string }
  | { readonly type: 'get:progress'; readonly bytes: number }

export type GetPorts = Pick<Ports, 'chain' | 'clock' | 'fetch'>

export interface GetOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: GetProgress) => void) | undefined
}

export interface GetResult {
  readonly cid: string
  readonly bytes: number
  readonly provider: number
  readonly endpoint: string
}

/**
 * @param cidText root CID of a file, in any base
 * @throws CidInvalidError, CidNotStoredError, NotAFileError, DagInvalidError, RetrievalFailedError, and what the sink
 * throws
 */
export async function get(ports: GetPorts, cidText: string, sink: Sink, options: GetOptions = {}): Promise<GetResult> {
  const { signal } = options
  const report = reporter(options.onProgress)
  const { parseCid, verifiedFile, isOfTheContent } = await import('../content.ts')
  const cid = parseCid(cidText).toV1().toString()
  await sink.check?.()
  const providers = await providersOf(ports, cid, { signal })
  if (providers.length === 0) throw new CidNotStoredError(cid, ports.chain.url)
  const failures: RetrievalFailure[] = []
  for (const { provider, deal } of providers) {
    const endpoint = endpointOf(await ports.chain.provider(provider, { signal })) ?? ''
    report({ type: 'provider:trying', provider, endpoint })
    let fault: unknown
    try {
      const bytes = await sink.write(async function* (reread) {
        const car = carOf(ports, endpoint, cid, signal)
        let sent = 0
        try {
          for await (const part of verifiedFile(cid, car, { signal, reread })) {
            sent += part.length
            yield part
            report({ type: 'get:progress', bytes: sent })
          }
        } catch (error) {
          fault = error
          throw error
        }
      })
      return { cid, bytes, provider, endpoint }
    } catch (error) {
      // What did not come from the provider is the sink's: no other provider will help.
      if (isAbortError(error) || error !== fault || isOfTheContent(error)) throw error
      const { code, retryable } = GranaryError.is(error) ? error : { code: 'FAILED', retryable: true }
      const message = Error.isError(error) ? error.message : String(error)
      const ended = endOf(deal)
      failures.push({ provider, endpoint, code, message, retryable, ...(ended === undefined ? {} : { ended }) })
      report({ type: 'provider:failed', provider, code, message: `${message}${endedText(ended)}` })
    }
  }
  throw new RetrievalFailedError(cid, failures)
}

/** Each provider once, with the one of its deals that comes first in STATES; of several, the newest. */
async function providersOf(
  ports: GetPorts,
  rootCid: string,
  call: CallOptions,
): Promise<{ provider: number; deal: DealView }[]> {
  const best = new Map<number, DealView>()
  for await (const deal of ports.chain.deals({ rootCid }, call)) {
    const { provider } = deal.terms
    const other = best.get(provider)
    if (other === undefined || rankOf(deal) <= rankOf(other)) best.set(provider, deal)
  }
  return [...best]
    .map(([provider, deal]) => ({ provider, deal }))
    .sort((a, b) => rankOf(a.deal) - rankOf(b.deal) || a.provider - b.provider)
}

function rankOf(deal: DealView): number {
  return STATES.indexOf(deal.state)
}

function endOf({ id, state, endsAt, lapsesAt }: DealView): EndedDeal | undefined {
  if (!ENDED_STATES.includes(state)) return undefined
  const epoch = state === 'expired' ? endsAt : state === 'lapsed' ? lapsesAt : undefined
  return { deal: id, state, ...(epoch === undefined ? {} : { epoch }) }
}

/** The whole DAG as a depth-first CAR: https://specs.ipfs.tech/http-gateways/trustless-gateway/ */
async function* carOf(
  ports: GetPorts,
  endpoint: string,
  cid: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const url = `${endpoint}/ipfs/${cid}?format=car&dag-scope=all`
  const headers = { accept: 'application/vnd.ipld.car; version=1; order=dfs; dups=n' }
  const { clock } = ports
  const idle = new AbortController()
  const both = signal ? AbortSignal.any([signal, idle.signal]) : idle.signal
  const giveUp = () => idle.abort(new ProviderUnreachableError(url, new DOMException('no answer', 'TimeoutError')))
  const flow = watchFlow(FLOW_BYTES_MIN, IDLE_MAX_MS, giveUp, clock)
  const unsealedBy = clock.nowMs() + UNSEAL_MAX_MS
  try {
    for (;;) {
      const response = await fetchOrExplain(ports, url, { headers, signal: both })
      flow.restart()
      if (response.status === 202 && clock.nowMs() < unsealedBy) {
        await response.body?.cancel()
        await clock.sleep(retryAfterMs(response), signal)
        flow.restart()
        continue
      }
      if (response.status !== 200 || !response.body) {
        throw errorOf(url, response.status, parseJson(await readBody(response)))
      }
      for await (const chunk of chunksOf(response.body)) {
        flow.received(chunk.length)
        yield chunk
      }
      return
    }
  } catch (error) {
    if (signal?.aborted || GranaryError.is(error)) throw error
    throw new ProviderUnreachableError(url, error)
  } finally {
    flow.stop()
  }
}

/** As long as the provider asks to wait, up to a limit. */
function retryAfterMs(response: Response): number {
  const ms = Number(response.headers.get('retry-after')) * 1_000
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : RETRY_AFTER_DEFAULT_MS
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function fetchOrExplain(ports: GetPorts, url: string, init: RequestInit): Promise<Response> {
  try {
    return await ports.fetch(url, init)
  } catch (error) {
    if (isAbortError(error) || GranaryError.is(error)) throw error
    throw new ProviderUnreachableError(url, error)
  }
}
