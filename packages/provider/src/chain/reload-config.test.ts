import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { temporaryHome } from '../../test/market-kit.ts'
import { createAlerts } from '../alerts.ts'
import { changeConfig, newConfig, readConfig, writeConfig } from '../config.ts'
import { reloadConfig } from './reload-config.ts'

let root: Awaited<ReturnType<typeof temporaryHome>>
let path: string

beforeEach(async () => {
  root = await temporaryHome()
  path = join(root.home, 'config.json')
  await writeConfig(path, newConfig({ chainUrl: 'http://127.0.0.1:1', profile: '2KiB-test', name: '' }))
})
afterEach(() => root.remove())

test('the word in the address that alerts are sent to is in no log, no answer and no file that others may read', async () => {
  const current = await readConfig(path)
  await changeConfig(path, { alertsUrl: 'https://hooks.example/services/secret?word=secret' })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const said: object[] = []
  const log = (event: object): void => void said.push(event)
  const steps = { check: async () => {}, use: () => {}, apply: async () => {} }
  const report = await reloadConfig({ path, current: () => current, ...steps, alerts: createAlerts(log), log })
  expect(report.changed).toEqual(['alertsUrl none → "https://hooks.example"'])
  expect(JSON.stringify([report, said])).not.toContain('secret')
})

test('the password of a Redis is in no log, no answer and no alert', async () => {
  const current = await readConfig(path)
  await changeConfig(path, { 'sealing.redis': 'redis://:secret@10.0.0.7:6379' })
  const said: object[] = []
  const log = (event: object): void => void said.push(event)
  const alerts = createAlerts(log)
  const steps = { check: async () => {}, use: () => {}, apply: async () => {} }
  const report = await reloadConfig({ path, current: () => current, ...steps, alerts, log })
  expect(report.waiting).toEqual(['sealing.redis none → "redis://10.0.0.7:6379"'])
  expect(JSON.stringify([report, said, alerts.list()])).not.toContain('secret')
})

test('an address with a name and a password is refused: they would be sent to nobody', async () => {
  const changing = changeConfig(path, { alertsUrl: 'https://me:secret@hooks.example/' })
  await expect(changing).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.not.stringContaining('secret'),
  })
})
