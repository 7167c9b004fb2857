/** A challenge and its answer are of all sectors of a partition, and the story of each deal in them tells both: here once. */
import type { DealProgress } from '@granary/client'

/** Of the deals of one provider. */
export function eachProofOnce(tell: (progress: DealProgress) => void): (progress: DealProgress) => void {
  const told = new Set<string>()
  return (progress) => {
    if (progress.type === 'deal' && 'partition' in progress.entry) {
      const { type, partition, epoch } = progress.entry
      const event = `${type} ${partition} ${epoch}`
      if (told.has(event)) return
      told.add(event)
    }
    tell(progress)
  }
}
