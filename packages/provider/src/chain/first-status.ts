/**
 * What the chain says first. A provider that knows its chain waits for it, however long that takes, and its owner is told; one that
 * has never met it fails at once: most likely the address is wrong.
 */
import { GranaryError, passingFactsOf, sleep } from '@granary/base'
import type { ChainClient, ChainStatus } from '@granary/protocol/client'
import type { Alerts } from '../alerts.ts'
import { unreachableAlert } from './unreachable-alert.ts'

export interface FirstStatusInput {
  readonly chain: Pick<ChainClient, 'status'>
  /** Whether this home has been with it before. */
  readonly isKnown: boolean
  readonly alerts: Alerts
  /** Called once, when it has to be waited for. */
  readonly onWait: () => Promise<void>
  readonly signal: AbortSignal
}

const ASK_AGAIN_MS = 1_000

/** @throws CHAIN_UNREACHABLE, … where it is not known; AbortError */
export async function firstStatus({ chain, isKnown, alerts, onWait, signal }: FirstStatusInput): Promise<ChainStatus> {
  for (let isWaiting = false; ; ) {
    try {
      const status = await chain.status({ signal })
      for (const code of ['CHAIN_UNREACHABLE', 'CHAIN_BEHIND'] as const) alerts.clear(code)
      return status
    } catch (error) {
      if (!isKnown || !GranaryError.is(error) || passingFactsOf(error.code)?.lost !== true) throw error
      const isBehind = error.code === 'CHAIN_BEHIND'
      alerts.clear(isBehind ? 'CHAIN_UNREACHABLE' : 'CHAIN_BEHIND')
      alerts.raise(
        isBehind ? { code: 'CHAIN_BEHIND', message: error.message, hint: error.hint } : unreachableAlert(error),
      )
      if (!isWaiting) await onWait()
      isWaiting = true
      await sleep(ASK_AGAIN_MS, signal)
    }
  }
}
