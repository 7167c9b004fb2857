/**
 * The bounds of a block, in bytes and in units of verification. General messages have one half at most. An answer to a
 * challenge (SubmitPost) may use the whole block. What else is of the proving class (DeclareFaults, RequestRecovery) enters
 * only while that class stays within its half, so that it never takes the room of general messages.
 */
import { classOf, type TransactionName } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import type { GeneralUsage } from '../money/base-fee.ts'

/** What room a transaction needs. */
export interface Load {
  readonly kind: TransactionName
  readonly bytes: number
  readonly units: number
}

export interface BlockRoom {
  /** What general messages have taken so far. */
  readonly general: GeneralUsage
  fits(load: Load): boolean
  /** Takes the room that the transaction needs, if there is that much. */
  take(load: Load): boolean
}

interface Usage {
  bytes: number
  units: number
}

export function createBlockRoom({
  blockBytes,
  blockVerifyUnits,
}: Pick<ChainParams, 'blockBytes' | 'blockVerifyUnits'>): BlockRoom {
  const used = { general: { bytes: 0, units: 0 }, proving: { bytes: 0, units: 0 } }
  const isWithin = (taken: readonly Usage[], { bytes, units }: Load, share: number): boolean =>
    sumOf(taken, 'bytes') + bytes <= share * blockBytes && sumOf(taken, 'units') + units <= share * blockVerifyUnits

  function fits(load: Load): boolean {
    if (!isWithin([used.general, used.proving], load, 1)) return false
    return load.kind === 'SubmitPost' || isWithin([used[classOf(load.kind)]], load, 1 / 2)
  }

  return {
    general: used.general,
    fits,
    take: (load) => {
      if (!fits(load)) return false
      const own = used[classOf(load.kind)]
      own.bytes += load.bytes
      own.units += load.units
      return true
    },
  }
}

function sumOf(taken: readonly Usage[], what: keyof Usage): number {
  return taken.reduce((sum, usage) => sum + usage[what], 0)
}
