import { expect, test } from '@jest/globals'
import { listen } from './listen.ts'

const limits = { addressOf: () => undefined, connections: 1 }

test('its port is free again once it is closed', async () => {
  const first = await listen('127.0.0.1', 0, limits)
  await expect(listen('127.0.0.1', first.port, limits)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    details: { host: '127.0.0.1', port: first.port },
    message: expect.stringContaining(String(first.port)),
  })
  await first.close()
  await (await listen('127.0.0.1', first.port, limits)).close()
})

test('until it serves, it says that it is starting', async () => {
  const listener = await listen('127.0.0.1', 0, limits)
  const starting = await fetch(listener.url)
  expect([starting.status, starting.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await starting.json()).toMatchObject({ error: { code: 'STARTING', retryable: true } })
  listener.serve((_, response) => response.end('here'))
  expect(await (await fetch(listener.url)).text()).toBe('here')
  await listener.close()
})

test('closing twice, or with a connection open, ends', async () => {
  const listener = await listen('127.0.0.1', 0, limits)
  listener.serve((_, response) => response.write('endless'))
  const { body } = await fetch(listener.url)
  await listener.close()
  await listener.close()
  await expect(body!.getReader().closed).rejects.toBeDefined()
})

test("an address that is not this machine's is named", async () => {
  await expect(listen('192.0.2.1', 0, limits)).rejects.toMatchObject({
    code: 'HOST_INVALID',
    details: { host: '192.0.2.1' },
  })
})
