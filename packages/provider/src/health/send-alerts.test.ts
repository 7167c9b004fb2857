import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createAlerts } from '../alerts.ts'
import { type AlertSender, createAlertSender } from './send-alerts.ts'

let server: Server
let url: string
let got: Record<string, unknown>[]
/** Statuses to answer with before all is well. */
let failures: number[]
let arrived: (() => void) | undefined
let sender: AlertSender
let said: object[]

beforeEach(async () => {
  got = []
  failures = []
  said = []
  server = createServer(async (request, response) => {
    const body = (await json(request)) as Record<string, unknown>
    const status = failures.shift() ?? 200
    if (status === 200) got.push(body)
    response.writeHead(status).end()
    arrived?.()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?word=secret`
  sender = createAlertSender({ url: () => url, log: (event) => void said.push(event), retryMs: 1 })
})
afterEach(async () => {
  await sender.stop()
  server.closeAllConnections()
  server.close()
})

async function requests(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    await new Promise<void>((resolve) => {
      arrived = resolve
    })
  }
}

const alert = (code: string) => ({ type: 'alert', level: 'alert', code, message: 'it is so', hint: 'look' })

test('an alert and its end are told in order, also when the address fails for a while; other lines are not', async () => {
  failures = [500, 503]
  sender.observe(alert('DISK_FULL'))
  sender.observe({ type: 'sector:moved', sector: 1 })
  sender.observe({ type: 'alert:over', code: 'DISK_FULL' })
  await requests(4)
  expect(got.map(({ type, code }) => [type, code])).toEqual([
    ['alert', 'DISK_FULL'],
    ['alert:over', 'DISK_FULL'],
  ])
})

test('what is told of an alert says what it threatens, and how much', async () => {
  const atStake = { sectors: 3, deals: 2, locked: '7' }
  const alerts = createAlerts(sender.observe, Date.now, () => atStake)
  alerts.raise({ code: 'FEES_SHORT', message: 'it is so', hint: 'look' })
  await requests(1)
  expect(got).toMatchObject([{ type: 'alert', code: 'FEES_SHORT', stake: 'proofs', atStake, hint: 'look' }])
})

test('an address that never answers is given up, the log says so without the address, and the next alert is told', async () => {
  failures = [500, 500, 500, 500, 500, 500]
  sender.observe(alert('FIRST'))
  sender.observe(alert('SECOND'))
  await requests(7)
  expect(got).toMatchObject([{ code: 'SECOND' }])
  expect(said).toEqual([{ type: 'alert:not-sent', error: 'HTTP 500' }])
  expect(JSON.stringify(said)).not.toContain('secret')
})

test('why an address could not be asked is told by a code: the reason may have the address in it', async () => {
  const told = Promise.withResolvers<object>()
  const hidden = url.replace('http://', 'http://me:secret@')
  const strict = createAlertSender({ url: () => hidden, log: told.resolve, retryMs: 1 })
  strict.observe(alert('FIRST'))
  expect(await told.promise).toEqual({ type: 'alert:not-sent', error: 'TypeError' })
  await strict.stop()
})

test('of what waits the oldest is dropped', async () => {
  for (let each = 0; each < 150; each += 1) sender.observe(alert(`A${each}`))
  await requests(101)
  expect(got.map(({ code }) => code).slice(0, 2)).toEqual(['A0', 'A50'])
  expect(got).toHaveLength(101)
})
