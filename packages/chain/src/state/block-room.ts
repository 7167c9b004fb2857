/** The bounds of a block: bytes and units of verification, half of both kept for answers to challenges. */
import type { Admitted } from './admit.ts'
import type { ChainParams } from './params.ts'

export interface BlockRoom {
  /** Takes the room that the transaction needs, if there is that much. */
  take(tx: Pick<Admitted, 'bytes' | 'units' | 'class'>): boolean
}

export function createBlockRoom({ blockBytes, blockVerifyUnits }: ChainParams): BlockRoom {
  const used = { bytes: 0, units: 0, generalBytes: 0, generalUnits: 0 }
  return {
    take: ({ bytes, units, class: txClass }) => {
      const general = txClass === 'general'
      if (used.bytes + bytes > blockBytes || used.units + units > blockVerifyUnits) return false
      if (general && 2 * (used.generalBytes + bytes) > blockBytes) return false
      if (general && 2 * (used.generalUnits + units) > blockVerifyUnits) return false
      used.bytes += bytes
      used.units += units
      if (general) used.generalBytes += bytes
      if (general) used.generalUnits += units
      return true
    },
  }
}
