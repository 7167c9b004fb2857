import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import { listenOn, urlOf } from './listen-on.ts'

test('a port that another program has is refused by number, with what to do', async () => {
  const first = createServer()
  const { port } = await listenOn(first, '127.0.0.1', 0)
  await expect(listenOn(createServer(), '127.0.0.1', port)).rejects.toMatchObject({
    name: 'ListenError',
    code: 'PORT_IN_USE',
    details: { host: '127.0.0.1', port },
    message: expect.stringContaining(String(port)),
    hint: expect.stringContaining('--port'),
  })
  first.close()
})

test.each(['192.0.2.1', 'no-such-host.invalid'])("%s, which is not this machine's, is named", async (host) => {
  await expect(listenOn(createServer(), host, 0)).rejects.toMatchObject({ code: 'HOST_INVALID', details: { host } })
})

test('what is no fault of the address passes through', async () => {
  await expect(listenOn(createServer(), '127.0.0.1', 70_000)).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' })
})

test('an address of IPv6 stands in brackets', () => {
  expect([urlOf('::1', 80), urlOf('127.0.0.1', 80)]).toEqual(['http://[::1]:80', 'http://127.0.0.1:80'])
})
