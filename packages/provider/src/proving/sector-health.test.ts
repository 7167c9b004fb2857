import { expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import { createSectorHealth } from './sector-health.ts'

test('who waits for it is told once of each that is damaged, lost or mended: it is declared, or asked back, at once', () => {
  const health = createSectorHealth(createAlerts(() => {}))
  let told = 0
  const unlisten = health.onChange(() => {
    told += 1
  })
  const toldBy = (change: () => void): number => {
    const before = told
    change()
    return told - before
  }
  expect(toldBy(() => health.damaged(7, 'no proof'))).toBe(1)
  expect(toldBy(() => health.damaged(7, 'again no proof'))).toBe(0)
  expect(toldBy(() => health.lost(7, 'its replica is another'))).toBe(1)
  expect(toldBy(() => health.mended(7))).toBe(1)
  expect(toldBy(() => health.mended(7))).toBe(0)
  unlisten()
  expect(toldBy(() => health.damaged(8, 'no proof'))).toBe(0)
})
