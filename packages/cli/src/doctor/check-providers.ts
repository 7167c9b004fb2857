/** Who stores on this chain: each is asked, and how long its answer takes. */
import type { ChainClient, ProviderView } from '@granary/protocol/client'
import type { Finding } from './finding.ts'

const TIMEOUT_MS = 5_000
/** Of a large market the first are enough to see whether any can be reached. */
const ASKED_MAX = 32

export interface Ping {
  readonly provider: number
  readonly name: string
  readonly endpoint: string
  /** When its answer was there, or was given up. */
  readonly askedMs: number
  readonly ms?: number
  /** What its HTTP answer said the time is. */
  readonly clockMs?: number
  readonly error?: string
}

export interface FoundProviders {
  readonly finding: Finding
  readonly pings: readonly Ping[]
}

export async function checkProviders(chain: ChainClient, signal?: AbortSignal): Promise<FoundProviders> {
  const check = 'providers'
  const views: ProviderView[] = []
  for await (const view of chain.providers({ signal })) {
    if (view.endpoints[0] !== undefined) views.push(view)
    if (views.length === ASKED_MAX) break
  }
  const pings = await Promise.all(views.map((view) => ping(view, signal)))
  const details = { pings }
  if (pings.length === 0) {
    const fix = 'wait for one, or run one with `granary provider run`'
    return {
      finding: { check, state: 'wrong', says: 'none has an address on this chain', fix, code: 'NO_PROVIDER', details },
      pings,
    }
  }
  const silent = pings.filter(({ ms }) => ms === undefined)
  const words = pings.map(
    (each) =>
      `${each.provider}${each.name && ` (${each.name})`} ${each.ms === undefined ? each.error : `${each.ms} ms`}`,
  )
  const says = words.join(', ')
  if (silent.length === 0) return { finding: { check, state: 'ok', says, details }, pings }
  const fix = 'is this machine on the network? Ask again later, or who runs them'
  const state = silent.length === pings.length ? 'wrong' : 'note'
  const code = 'PROVIDER_UNREACHABLE'
  return { finding: { check, state, says, fix, ...(state === 'wrong' ? { code } : {}), details }, pings }
}

async function ping({ id: provider, name, endpoints }: ProviderView, signal?: AbortSignal): Promise<Ping> {
  const endpoint = endpoints[0]!
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const startMs = performance.now()
  const facts = { provider, name, endpoint }
  try {
    const response = await fetch(new URL('/healthz', endpoint), {
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    await response.body?.cancel()
    const ms = Math.round(performance.now() - startMs)
    const clockMs = Date.parse(response.headers.get('date') ?? '')
    return { ...facts, askedMs: Date.now(), ms, ...(Number.isNaN(clockMs) ? {} : { clockMs }) }
  } catch (error) {
    signal?.throwIfAborted()
    const { cause, message } = error as Error
    return {
      ...facts,
      askedMs: Date.now(),
      error: limit.aborted
        ? `no answer in ${TIMEOUT_MS / 1_000} s`
        : String((cause as { code?: unknown })?.code ?? message),
    }
  }
}
