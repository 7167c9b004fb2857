/** The bounds of a block: bytes and units of verification, half of both kept for answers to challenges. */
import type { Admitted } from './admit.ts'
import type { GeneralUsage } from './base-fee.ts'
import type { ChainParams } from './params.ts'

export interface BlockRoom {
  /** What general messages have taken so far. */
  readonly general: GeneralUsage
  /** Takes the room that the transaction needs, if there is that much. */
  take(tx: Pick<Admitted, 'bytes' | 'units' | 'class'>): boolean
}

export function createBlockRoom({ blockBytes, blockVerifyUnits }: ChainParams): BlockRoom {
  const used = { bytes: 0, units: 0 }
  const general = { bytes: 0, units: 0 }
  return {
    general,
    take: ({ bytes, units, class: txClass }) => {
      const isGeneral = txClass === 'general'
      if (used.bytes + bytes > blockBytes || used.units + units > blockVerifyUnits) return false
      if (isGeneral && 2 * (general.bytes + bytes) > blockBytes) return false
      if (isGeneral && 2 * (general.units + units) > blockVerifyUnits) return false
      used.bytes += bytes
      used.units += units
      if (!isGeneral) return true
      general.bytes += bytes
      general.units += units
      return true
    },
  }
}
