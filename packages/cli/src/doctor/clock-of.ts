/** The clock of a chain node's machine, which its answer tells. */
import type { PeerClock } from './check-clock.ts'

export async function clockOf(url: string, signal: AbortSignal): Promise<PeerClock[]> {
  const response = await fetch(new URL('/v1/status', url), { signal })
  await response.body?.cancel()
  const clockMs = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(clockMs) ? [] : [{ whose: 'the chain node', aheadMs: clockMs - Date.now() }]
}
