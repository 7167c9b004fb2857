/**
 * A volume that vanishes takes its sectors with it: they are declared at once, and not sealed again as long as it may come back;
 * once it has, what lies on it is looked at first. Who says that it will not (`granary provider volumes detach --lost`) has them
 * sealed again on the others.
 */
import type { ProvingContext } from './proving-context.ts'

export interface VolumeWatch {
  look(): void
  /** Whether the sector is on a volume that cannot be reached now, or may be. */
  holds(sector: number): boolean
  /** Sectors that were lost with a volume and are not mended yet. */
  readonly wereAway: Set<number>
}

export function watchVolumes({ volumes, store, health, alerts }: ProvingContext): VolumeWatch {
  const wereAway = new Set<number>()
  let before: readonly string[] = []

  const placeAway = (number: number): string | undefined => volumes.awayFor({ kind: 'sector', number })

  return {
    wereAway,
    holds: (number) => placeAway(number) !== undefined,
    look: () => {
      const away = volumes.away()
      for (const path of away.filter((each) => !before.includes(each)))
        alerts.raise({
          code: 'VOLUME_AWAY',
          subject: path,
          message: `the volume ${path} cannot be reached, or another disk is in its place: its sectors are declared faulty`,
          hint: 'mount it: they are asked back by themselves; if it is lost, run `granary provider volumes detach --lost` with its path',
        })
      for (const path of before.filter((each) => !away.includes(each))) alerts.clear('VOLUME_AWAY', path)
      before = away
      if (away.length === 0) return
      const known = new Set(health.list().flatMap(({ number, isLost }) => (isLost ? [number] : [])))
      for (const number of store.numbersIn('proving')) {
        const path = known.has(number) ? undefined : placeAway(number)
        if (path === undefined) continue
        wereAway.add(number)
        health.lost(number, `the volume ${path} cannot be reached`)
      }
    },
  }
}
