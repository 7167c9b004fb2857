/**
 * A key that waits is used from the block on that has it: proofs go on. The file alone says that one waits, whoever has written
 * it and whoever has told the chain of it, on this machine or elsewhere.
 */
import { isAbortError } from '@granary/base'
import type { ChainClient } from '@granary/protocol/client'
import type { Log } from '../log.ts'
import type { ChainFollower } from './follow-chain.ts'
import type { SessionKey } from './session-key.ts'

export interface TakeUpKeyInput {
  readonly chain: Pick<ChainClient, 'provider'>
  /** Ends it by its own end. */
  readonly follower: Pick<ChainFollower, 'listen'>
  readonly providerId: number
  readonly key: SessionKey
  readonly log: Log
  readonly onTaken: () => Promise<void>
}

export function takeUpKey({ chain, follower, providerId, key, log, onTaken }: TakeUpKeyInput): void {
  let isLooking = false
  let said = ''

  async function look(): Promise<void> {
    const { sessionKey } = await chain.provider(providerId)
    if (!(await key.follow(sessionKey))) return
    log({ type: 'key:taken-up', provider: providerId, sessionKey })
    await onTaken()
  }

  follower.listen({
    onEvent: ({ type }) => {
      if (type !== 'block' || isLooking || !key.isWaiting()) return
      isLooking = true
      look()
        // The next block asks again: what stays wrong is said once.
        .catch((error: unknown) => {
          if (isAbortError(error) || String(error) === said) return
          said = String(error)
          log({ type: 'key:not-taken-up', stake: 'proofs', error: said })
        })
        .finally(() => {
          isLooking = false
        })
    },
  })
}
