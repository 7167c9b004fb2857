import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Devnet, startDevnet } from '../../test/devnet.ts'

const STREAMS = 2

let devnet: Devnet

beforeAll(async () => {
  devnet = await startDevnet({ addressLimits: { eventStreams: STREAMS, loopback: true } })
})

afterAll(() => devnet.remove())

async function statusFrom(localAddress: string): Promise<string> {
  const { hostname, port } = new URL(devnet.node.url)
  const socket = connect({ port: Number(port), host: hostname, localAddress })
  socket.write('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n')
  const head = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
  socket.destroy()
  return head.split('\r\n')[0]!
}

test('event streams by the hundred: an address has so many, and others have theirs', async () => {
  const url = `${devnet.node.url}/v1/events`
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => fetch(url)))
  expect(streams.map(({ status }) => status)).toEqual([200, 200])
  let refused = await fetch(url)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({
    error: { code: 'ADDRESS_BUSY', message: `an address may have ${STREAMS} event streams at once` },
  })
  expect(await statusFrom('127.0.0.2')).toBe('HTTP/1.1 200 OK')
  await streams[0]!.body?.cancel()
  while (refused.status === 429) refused = await fetch(url)
  expect(refused.status).toBe(200)
  await Promise.all([refused.body?.cancel(), streams[1]!.body?.cancel()])
})

test('as JSON comes what is no large proof', async () => {
  const send = (bytes: number) =>
    fetch(`${devnet.node.url}/v1/txs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tx: Buffer.alloc(bytes).toString('base64') }),
    })
  expect((await send(64 << 10)).status).toBe(400)
  const refused = await send(65 << 10)
  expect(await refused.json()).toMatchObject({
    error: { code: 'BODY_TOO_LARGE', hint: expect.stringMatching(/64 KiB/) },
  })
})
