import { beforeEach, expect, test } from '@jest/globals'
import { type Alerts, createAlerts } from '../alerts.ts'
import type { StoredItem } from '../storage/stored-item.ts'
import type { ProvingContext } from './proving-context.ts'
import { createSectorHealth, type SectorHealth } from './sector-health.ts'
import { type VolumeWatch, watchVolumes } from './watch-volumes.ts'

const DISK = '/mnt/disk'
/** 3 lies on the home's own volume. */
const onDisk = [1, 2]

let alerts: Alerts
let health: SectorHealth
let watch: VolumeWatch
let isAway: boolean
/** It does not answer, and is not said to be away yet. */
let isSilent: boolean
beforeEach(() => {
  alerts = createAlerts(() => {})
  health = createSectorHealth(alerts)
  isAway = false
  isSilent = false
  const isOnDisk = (item: StoredItem) => item.kind === 'sector' && onDisk.includes(item.number)
  const context = {
    alerts,
    health,
    store: { numbersIn: () => [...onDisk, 3] },
    prover: { leave: () => undefined },
    volumes: {
      heldBack: () => [],
      away: () => (isAway ? [DISK] : []),
      awayFor: (item: StoredItem) => ((isAway || isSilent) && isOnDisk(item) ? DISK : undefined),
      isSilent: (item: StoredItem) => isSilent && isOnDisk(item),
    },
  } as unknown as ProvingContext
  watch = watchVolumes(context)
})

function pull(): void {
  isAway = true
  watch.look()
}

function lost(): number[] {
  return health.list().flatMap(({ number, isLost }) => (isLost ? [number] : []))
}

test('what a volume takes with it is lost, and all of it may be asked back once the volume is there again', () => {
  pull()
  expect(lost()).toEqual(onDisk)
  expect(alerts.list().map(({ code }) => code)).toContain('VOLUME_AWAY')
  isAway = false
  expect(watch.look()).toEqual(onDisk)
  expect(health.list()).toEqual([])
  expect(alerts.list()).toEqual([])
  expect(watch.look()).toEqual([])
})

test('what a challenge finds before anybody has seen that the volume is away is none of the sector', () => {
  isAway = true
  health.damaged(2, 'its folder is gone')
  expect(watch.isAway(2)).toBe(true)
  watch.look()
  isAway = false
  expect(watch.look()).toEqual(onDisk)
  expect(health.list()).toEqual([])
})

test('what is found wrong while a disk sleeps is neither lost nor mended: it is looked at again when the disk answers', () => {
  isSilent = true
  health.damaged(1, 'its folder is gone')
  expect([watch.isAway(1), watch.look(), watch.look()]).toEqual([true, [], []])
  expect([lost(), alerts.list().map(({ code }) => code)]).toEqual([[], ['SECTOR_DAMAGED']])
  isSilent = false
  expect(watch.look()).toEqual([1])
  expect(health.list()).toEqual([])
})

test('what was lost before its volume went is held while that is away, and to be sealed again after', () => {
  health.lost(2, 'its bytes are others')
  pull()
  expect(watch.holds(2)).toBe(true)
  isAway = false
  expect(watch.look()).toEqual([1])
  expect(lost()).toEqual([2])
  expect(watch.holds(2)).toBe(false)
})

test('nothing of a volume that has come back is sealed again before it has been looked at', () => {
  pull()
  isAway = false
  expect([watch.holds(1), watch.holds(3)]).toEqual([true, false])
  watch.look()
  expect(watch.holds(1)).toBe(false)
})
