/**
 * A volume that vanishes takes its sectors with it: they are declared at once, and not sealed again as long as it may come back.
 * Once it has, nothing is known against them: each is proven alone before it is asked back, all of them together, and what fails
 * then is mended as any other damage. Who says that it will not come (`granary provider volumes detach --lost`) has them sealed
 * again on the others in the same way.
 */
import type { HeldBack } from '../storage/volume-standing.ts'
import type { ProvingContext } from './proving-context.ts'

export interface VolumeWatch {
  /** @returns the sectors that have come back since the last look */
  look(): readonly number[]
  /** Whether the sector is on a volume that cannot be reached now, or may be; or was until the last look. */
  holds(sector: number): boolean
  /** Whether its volume cannot be reached now, or is silent: what is found wrong with it then is not its own damage. */
  isAway(sector: number): boolean
}

const ASKED_BACK = 'It is declared faulty, and asked back when its volume is there again: see VOLUME_AWAY.'

export function watchVolumes({ volumes, store, health, alerts, prover }: ProvingContext): VolumeWatch {
  const tookWith = new Set<number>()
  let before: readonly string[] = []
  let heldBack: readonly HeldBack[] = []

  const isSilent = (number: number): boolean => volumes.isSilent({ kind: 'sector', number })
  const placeAway = (number: number): string | undefined => volumes.awayFor({ kind: 'sector', number })

  function bringBack(): readonly number[] {
    const back = [...tookWith].filter((number) => placeAway(number) === undefined)
    for (const number of back) {
      tookWith.delete(number)
      health.mended(number)
    }
    return back
  }

  /** A disk that slept has damaged nothing: what was found wrong meanwhile is looked at again when it answers. */
  function takeSilent(): void {
    for (const { number, isLost } of health.list()) if (!isLost && isSilent(number)) tookWith.add(number)
  }

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
    holds: (number) => tookWith.has(number) || placeAway(number) !== undefined,
    isAway: (number) => {
      const path = placeAway(number)
      return (path !== undefined && volumes.away().includes(path)) || isSilent(number)
    },
    look: () => {
      const away = volumes.away()
      for (const path of away.filter((each) => !before.includes(each)))
        alerts.raise({
          code: 'VOLUME_AWAY',
          subject: path,
          message: `the volume ${path} cannot be reached, does not answer, or another disk is in its place: its sectors are declared faulty`,
          hint: 'mount it: they are asked back by themselves; if it is lost, run `granary provider volumes detach --lost` with its path',
        })
      for (const path of before.filter((each) => !away.includes(each))) alerts.clear('VOLUME_AWAY', path)
      for (const path of away) prover.leave(path)
      before = away
      lookAtHeldBack()
      const back = bringBack()
      takeSilent()
      if (away.length === 0) return back
      // What was lost before is to be sealed again, whatever its volume does.
      const known = new Set(health.list().flatMap(({ number, isLost }) => (isLost ? [number] : [])))
      for (const number of store.numbersIn('proving')) {
        const path = known.has(number) ? undefined : placeAway(number)
        if (path === undefined || !away.includes(path)) continue
        tookWith.add(number)
        health.lost(number, `the volume ${path} cannot be reached`, ASKED_BACK)
      }
      return back
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
