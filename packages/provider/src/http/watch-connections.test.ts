import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressesThatCount } from '@granary/chain/limits'
import { afterEach, expect, test } from '@jest/globals'
import { type Listener, listen } from './listen.ts'

const SLOW_MS = 600
const LARGE = 16 * 1024 * 1024
const SLICE = 32 * 1024

let listener: Listener
let sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await listener.close()
})

async function serve(connections = 64, slowBytes = 64 * 1024, slowMs = SLOW_MS): Promise<void> {
  const addressOf = addressesThatCount({ loopback: true })
  listener = await listen('127.0.0.1', 0, { addressOf, connections, slowMs, slowBytes })
  listener.serve((request, response) => {
    if (request.url === '/large') Readable.from(slices(), { objectMode: false }).pipe(response)
    else if (request.url === '/later') setTimeout(() => response.end('late'), 3 * slowMs)
    else request.resume().on('end', () => response.end('here'))
  })
}

function* slices(): Generator<Buffer> {
  for (let sent = 0; sent < LARGE; sent += SLICE) yield Buffer.alloc(SLICE)
}

async function open(sent: string, address = 1): Promise<Socket> {
  const socket = connect({ port: listener.port, host: '127.0.0.1', localAddress: `127.0.0.${address}` })
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(sent)
  return socket
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`

/** Closed by the other end, whether or not what had been sent was read. */
function isEnded(socket: Socket): Promise<void> {
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

test('a reader that takes nothing, or next to nothing, is ended', async () => {
  await serve()
  const idle = await open(get('/large'))
  idle.pause()
  const slow = await open(get('/large'))
  slow.pause()
  const trickle = setInterval(() => slow.read(1), 10)
  await sleep(3 * SLOW_MS)
  clearInterval(trickle)
  let read = 0
  for (const socket of [idle, slow]) socket.on('data', (bytes) => (read += bytes.length))
  await Promise.all([isEnded(idle), isEnded(slow)])
  expect(read).toBeLessThan(2 * LARGE)
})

test('a body that trickles in is ended, and so is one that never comes', async () => {
  await serve()
  const head = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n'
  const silent = await open(head)
  const slow = await open(head)
  const trickle = setInterval(() => slow.write('x'), 10)
  await Promise.all([isEnded(silent), isEnded(slow)])
  clearInterval(trickle)
})

test('a connection that says nothing, or only lines without a request, is ended', async () => {
  await serve()
  const silent = await open('')
  const drip = await open(get('/').replace('connection: close', 'connection: keep-alive'))
  const trickle = setInterval(() => drip.write('\r\n'), 50)
  await Promise.all([isEnded(silent), isEnded(drip)])
  clearInterval(trickle)
})

test('an answer that the provider takes its time for, and a reader that is slow and steady, are not ended', async () => {
  // A time that no stall of a busy machine reaches, and a reader that takes twice as long.
  await serve(64, 1024, 2_000)
  const patient = await open(get('/later'))
  const steady = await open(get('/large'))
  steady.pause()
  let read = 0
  const reading = (async () => {
    for await (const bytes of steady) {
      read += (bytes as Buffer).length
      if (read < 10_000_000) await sleep(30)
    }
  })()
  expect(await text(patient)).toMatch(/late$/)
  await reading
  expect(read).toBeGreaterThan(LARGE)
})

test('an address has so many connections, and others have theirs', async () => {
  await serve(2)
  const held = [await open('G'), await open('G')]
  expect(await text(await open(get('/')))).toBe('')
  expect(await text(await open(get('/'), 2))).toMatch(/here$/)
  held[0]!.destroy()
  let answer = ''
  while (answer === '') answer = await text(await open(get('/')))
  expect(answer).toMatch(/here$/)
})

test('when others want its place, the one that is waited for longest goes before its time', async () => {
  await serve(64)
  const slow = await open(get('/large'))
  slow.pause()
  await sleep(SLOW_MS / 2)
  const ended = isEnded(slow)
  listener.endSlowest()
  await ended
})
