/**
 * Sectors that failed to prove, in a challenge or in a check of their own, and have not been made whole since. Kept in
 * memory: after a start every sector is checked again.
 */
import type { Alerts } from '../alerts.ts'

export interface DamagedSector {
  readonly number: number
  readonly reason: string
  /** Its replica itself is damaged: declared to the chain, and to be sealed again. */
  readonly isLost: boolean
  /** So little of it is that samples hardly ever find it: declared only if it can not be sealed again. */
  readonly proves?: true
}

export interface SectorHealth {
  damaged(number: number, reason: string): void
  /** Its tree could not be made again. @param hint @default of one that is sealed again */
  lost(number: number, reason: string, hint?: string): void
  /** The same, of one that still proves. */
  lostInPart(number: number, reason: string): void
  mended(number: number): void
  isDamaged(number: number): boolean
  list(): DamagedSector[]
  /** Resolves when none of these is damaged, rejects with the signal's reason. */
  whenMended(numbers: readonly number[], signal: AbortSignal): Promise<void>
  /** Calls it whenever one is damaged, or lost, that was not, or is mended. @returns what ends that */
  onChange(listener: () => void): () => void
}

const CODE = 'SECTOR_DAMAGED'
const SEALED_AGAIN =
  'It is declared faulty and sealed again from its pieces. A disk that damages one damages more: look at it.'

const SEALED_AGAIN_FIRST =
  'It still proves: it is sealed again from its pieces, and declared faulty if that can not be done. A disk that damages one damages more: look at it.'

export function createSectorHealth(alerts: Alerts): SectorHealth {
  const damaged = new Map<number, DamagedSector>()
  let changed = Promise.withResolvers<void>()
  const listeners = new Set<() => void>()

  function set(sector: DamagedSector, hint: string): void {
    const before = damaged.get(sector.number)
    damaged.set(sector.number, sector)
    const message = `sector ${sector.number} does not prove: ${sector.reason}`
    alerts.raise({ code: CODE, subject: `sector ${sector.number}`, message, hint })
    if (before?.isLost !== sector.isLost || before.proves !== sector.proves) tellListeners()
  }

  function tellListeners(): void {
    for (const listener of [...listeners]) listener()
  }

  return {
    damaged: (number, reason) => {
      if (!damaged.has(number)) set({ number, reason, isLost: false }, 'It is looked at now. Look at the disk, too.')
    },
    lostInPart: (number, reason) => set({ number, reason, isLost: true, proves: true }, SEALED_AGAIN_FIRST),
    lost: (number, reason, hint = SEALED_AGAIN) => set({ number, reason, isLost: true }, hint),
    mended: (number) => {
      if (!damaged.delete(number)) return
      alerts.clear(CODE, `sector ${number}`)
      changed.resolve()
      changed = Promise.withResolvers<void>()
      tellListeners()
    },
    isDamaged: (number) => damaged.has(number),
    list: () => [...damaged.values()],
    whenMended: async (numbers, signal) => {
      const aborted = Promise.withResolvers<never>()
      const onAbort = (): void => aborted.reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        signal.throwIfAborted()
        while (numbers.some((number) => damaged.has(number))) await Promise.race([changed.promise, aborted.promise])
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
