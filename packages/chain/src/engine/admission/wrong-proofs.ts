/**
 * Verifying a proof that is wrong is work that nobody pays for, so there is a bounded number of it: for each challenge two
 * by all session keys together (keys are free to make) and two more by the account's own, so that a stolen key cannot use
 * up what its owner has; for each pre-committed sector two an hour. A proof that was refused is remembered and not counted
 * twice. What is right is never kept out by it: a provider verifies its proof before it sends it.
 */
import type { Epoch, Hash } from '@granary/protocol/messages'
import type { RefusedTx } from '../../state/index.ts'

const WRONG_MAX = 2

export interface WrongProofs {
  /** The refusal of the same transaction before; `spent` when no further one is verified. */
  known(about: About, id: Hash): RefusedTx | 'spent' | undefined
  note(about: About, id: Hash, refusal: RefusedTx): void
  /** @param isOver of a challenge, or of a sector's hour */
  forget(isOver: (about: About, since: Epoch) => boolean): void
}

export type About =
  | {
      readonly type: 'answer'
      readonly provider: number
      readonly partition: number
      readonly epoch: Epoch
      readonly by: 'session' | 'account'
    }
  | { readonly type: 'seal'; readonly provider: number; readonly sector: number }

interface Entry {
  readonly about: About
  readonly since: Epoch
  readonly refusals: Map<Hash, RefusedTx>
}

/** @param height of the block that comes next */
export function createWrongProofs(height: () => Epoch): WrongProofs {
  const entries = new Map<string, Entry>()
  return {
    known(about, id) {
      const refusals = entries.get(keyOf(about))?.refusals
      return refusals?.get(id) ?? ((refusals?.size ?? 0) >= WRONG_MAX ? 'spent' : undefined)
    },
    note(about, id, refusal) {
      const entry = entries.get(keyOf(about)) ?? { about, since: height(), refusals: new Map() }
      entries.set(keyOf(about), entry)
      entry.refusals.set(id, refusal)
    },
    forget(isOver) {
      for (const [key, { about, since }] of entries) if (isOver(about, since)) entries.delete(key)
    },
  }
}

function keyOf(about: About): string {
  return about.type === 'seal'
    ? `seal/${about.provider}/${about.sector}`
    : `answer/${about.provider}/${about.partition}/${about.epoch}/${about.by}`
}
