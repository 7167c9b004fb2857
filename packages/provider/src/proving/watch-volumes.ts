/**
 * A volume that vanishes takes its sectors with it: they are declared at once, and not sealed again as long as it may come back;
 * once it has, what lies on it is looked at first. Who says that it will not (`granary provider volumes detach --lost`) has them
 * sealed again on the others.
 */
import type { HeldBack } from '../storage/volume-standing.ts'
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
  let heldBack: readonly HeldBack[] = []

  const placeAway = (number: number): string | undefined => volumes.awayFor({ kind: 'sector', number })

  /** Nothing is declared of these: they are there, and another's to prove, or read as ever. */
  function lookAtHeldBack(): void {
    const now = volumes.heldBack()
    for (const { path, why } of now) alerts.raise({ subject: path, ...heldBackAlerts[why](path) })
    for (const { path, why } of heldBack)
      if (!now.some((each) => each.path === path && each.why === why))
        alerts.clear(heldBackAlerts[why](path).code, path)
    heldBack = now
  }

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
      lookAtHeldBack()
      if (away.length === 0) return
      const known = new Set(health.list().flatMap(({ number, isLost }) => (isLost ? [number] : [])))
      for (const number of store.numbersIn('proving')) {
        const path = known.has(number) ? undefined : placeAway(number)
        if (path === undefined || !away.includes(path)) continue
        wereAway.add(number)
        health.lost(number, `the volume ${path} cannot be reached`)
      }
    },
  }
}

const heldBackAlerts = {
  taken: (path: string) => ({
    code: 'VOLUME_TAKEN' as const,
    message: `the volume ${path} was taken by another home of this owner, or by a copy of this one that runs: nothing is written to it here, nor removed`,
    hint: 'two providers with the same keys must not run: stop one of them. Started again, this one has its volumes back; a home that took one over keeps it',
  }),
  'read-only': (path: string) => ({
    code: 'VOLUME_READ_ONLY' as const,
    message: `the volume ${path} takes no writes: what is on it is proven and served, and nothing comes to it or is removed`,
    hint: 'make room on it if it is full; else look at the disk and at how it is mounted: if it fails, let it be emptied: `granary provider volumes drain`',
  }),
}
