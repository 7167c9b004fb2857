import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@granary/base'
import { readFile as readContent } from '@granary/content'
import { packPath } from '@granary/content/node'
import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import { afterAll, describe, expect, test } from '@jest/globals'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { hashOf } from '../denylist/denylist.ts'
import { createRetrieval } from './create-retrieval.ts'
import { startBitswap } from './start-bitswap.ts'

const MIB = 1024 * 1024
const noChain = {
  async *deals() {},
  async *providers() {},
  provider: () => Promise.reject(new Error('no provider')),
}

// libp2p counts what an address connects in a second by a timer that nothing ends: this process does not end before it.
afterAll(() => sleep(1_100))

async function startPeer(): Promise<HeliaWithLibp2p<Record<string, unknown>>> {
  const peer = withBitswap(
    withLibp2pLight(createHeliaLight(), {
      addresses: { listen: [] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() },
    }),
  )
  await peer.start()
  return peer
}

test('another IPFS node gets the file by bitswap, and not a block that rotted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-bitswap-'))
  const bytes = new Uint8Array(3 * MIB + 5).map((_, at) => at ^ (at >> 8) ^ (at >> 16))
  await writeFile(join(folder, 'file'), bytes)
  const path = join(folder, 'file.car')
  const packed = await packPath(join(folder, 'file'), path)
  const events: { type: string }[] = []
  const served: [string, string, number][] = []
  const rotted = new AbortController()
  const retrieval = await createRetrieval({
    folder,
    pieces: () => [{ ...packed, path }],
    chain: noChain,
    libp2pPort: 0,
    onServed: (root, way, bytes) => served.push([root, way, bytes]),
    log: (event) => {
      events.push(event)
      if (event.type === 'block-corrupt') rotted.abort()
    },
  })
  await retrieval.ready
  expect(retrieval.multiaddrs[0]).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${retrieval.peerId}$`))

  const peer = await startPeer()
  try {
    await peer.libp2p.dial(multiaddr(retrieval.multiaddrs[0]!))
    const root = CID.parse(packed.rootCid)
    const signal = AbortSignal.timeout(20_000)
    const got: Uint8Array[] = []
    for await (const part of readContent(root, peer.blockstore, { signal })) got.push(part)
    expect(Buffer.compare(Buffer.concat(got), bytes)).toBe(0)
    expect(new Set(served.map(([root, way]) => `${root} ${way}`))).toEqual(new Set([`${packed.rootCid} bitswap`]))
    expect(served.reduce((sum, [, , each]) => sum + each, 0)).toBeGreaterThan(bytes.length)

    const car = await readFile(path)
    car[car.length - 1]! ^= 1
    await writeFile(path, car)
    const second = await startPeer()
    await second.libp2p.dial(multiaddr(retrieval.multiaddrs[0]!))
    const read = async (): Promise<void> => {
      // Nobody says that a block will not come: the reading ends when it has been found rotten.
      const signal = AbortSignal.any([rotted.signal, AbortSignal.timeout(20_000)])
      for await (const _ of readContent(root, second.blockstore, { signal }));
    }
    await expect(read()).rejects.toThrow()
    await second.stop()
    expect(events).toContainEqual(expect.objectContaining({ type: 'block-corrupt', level: 'alert' }))
  } finally {
    await peer.stop()
    await retrieval.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

async function serveOneFile() {
  const folder = await mkdtemp(join(tmpdir(), 'granary-bitswap-'))
  await writeFile(join(folder, 'file'), 'hello')
  const path = join(folder, 'file.car')
  const packed = await packPath(join(folder, 'file'), path)
  const retrieval = await createRetrieval({
    folder,
    pieces: () => [{ ...packed, path }],
    chain: noChain,
    libp2pPort: 0,
    log: () => undefined,
  })
  await retrieval.ready
  return { folder, packed, retrieval }
}

test('a block that a denylist names is not had by bitswap, from the next question on', async () => {
  const { folder, packed, retrieval } = await serveOneFile()
  const root = CID.parse(packed.rootCid)
  const read = async (): Promise<number> => {
    const peer = await startPeer()
    try {
      await peer.libp2p.dial(multiaddr(retrieval.multiaddrs[0]!))
      const session = AbortSignal.timeout(2_000)
      return (await Array.fromAsync(readContent(root, peer.blockstore, { signal: session }))).length
    } finally {
      await peer.stop()
    }
  }
  try {
    const rules = new Map([[hashOf(root), [{ path: '', isPrefix: false, status: 410 as const }]]])
    retrieval.deny([{ name: 'x.deny', rules, hashed: [] }])
    await expect(read()).rejects.toThrow()
    retrieval.deny([])
    expect(await read()).toBe(1)
  } finally {
    await retrieval.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

test('who asks what is here is told so, and of what is missing where it wants to be', async () => {
  const { folder, packed, retrieval } = await serveOneFile()
  const peer = await startPeer()
  try {
    const here = CID.parse(packed.rootCid)
    const missing = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
    const silent = CID.parse('QmYhmPjhFjYFyaoiuNzYv8WGavpSRDwdHWe5B4M5du5Rtk')
    const entry = (cid: CID, more: number[]): number[] => [
      0x0a,
      cid.bytes.length + 2 + more.length,
      0x0a,
      cid.bytes.length,
      ...cid.bytes,
      ...more,
    ]
    const [haveOrSay, have] = [
      [0x20, 1, 0x28, 1],
      [0x20, 1],
    ]
    const entries = [...entry(silent, have), ...entry(missing, haveOrSay), ...entry(here, have)]
    const list = [0x0a, (entries.length & 127) | 128, entries.length >> 7, ...entries]
    const heard = Promise.withResolvers<Uint8Array>()
    await peer.libp2p.unhandle('/ipfs/bitswap/1.2.0')
    await peer.libp2p.handle('/ipfs/bitswap/1.2.0', async (stream) => {
      for await (const bytes of stream) heard.resolve(bytes.subarray())
    })
    const connection = await peer.libp2p.dial(multiaddr(retrieval.multiaddrs[0]!))
    const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
    stream.send(Uint8Array.from([(list.length & 127) | 128, list.length >> 7, ...list]))
    const presence = (cid: CID, type: number): number[] => [
      0x22,
      cid.bytes.length + 4,
      0x0a,
      cid.bytes.length,
      ...cid.bytes,
      0x10,
      type,
    ]
    const answer = [...presence(missing, 1), ...presence(here, 0)]
    expect([...(await heard.promise)]).toEqual([answer.length, ...answer])
  } finally {
    await peer.stop()
    await retrieval.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

test('one address has eight connections, and another in their place when one of them ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-bitswap-'))
  const retrieval = await createRetrieval({
    folder,
    pieces: () => [],
    chain: noChain,
    libp2pPort: 0,
    log: () => undefined,
  })
  const peers: HeliaWithLibp2p<Record<string, unknown>>[] = []
  const dial = async (): Promise<void> => {
    const peer = await startPeer()
    peers.push(peer)
    await peer.libp2p.dial(multiaddr(retrieval.multiaddrs[0]!))
  }
  try {
    for (let count = 0; count < 8; count += 1) {
      await dial()
      // libp2p itself takes five a second from an address.
      if (count === 3) await sleep(1_100)
    }
    // After such a second a refusal is the provider's own, and so is a welcome.
    await sleep(1_100)
    await expect(dial()).rejects.toThrow()
    await peers[0]!.stop()
    await sleep(1_100)
    await dial()
  } finally {
    for (const peer of peers) await peer.stop()
    await retrieval.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

describe('a peer that does not end what it begins to say', () => {
  const begin = async (messageMs?: number) => {
    const heard: string[] = []
    const serving = await startBitswap(
      {
        wanted: async (wants) => {
          heard.push(...wants.map(({ cid }) => cid))
          return { bytes: new Uint8Array(), answered: wants.length, served: [] }
        },
      },
      {
        ...{ key: await generateKeyPair('Ed25519'), host: '127.0.0.1', port: 0 },
        ...{ onServed: () => {}, untilTurn: async () => {}, ...(messageMs === undefined ? {} : { messageMs }) },
      },
    )
    const peer = await startPeer()
    const connection = await peer.libp2p.dial(multiaddr(serving.multiaddrs[0]!))
    const half = async (bytes: number) => {
      const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
      const ended = once(stream, 'close')
      // It says that 512 KiB follow.
      stream.send(Uint8Array.from([0x80, 0x80, 0x20, ...new Uint8Array(bytes)]))
      return { stream, ended }
    }
    return { serving, peer, connection, heard, half }
  }

  test('is cut off after a time, and so is one that says nothing', async () => {
    const { serving, peer, connection, half } = await begin(50)
    try {
      const said = await half(1_000)
      const silent = await connection.newStream('/ipfs/bitswap/1.2.0')
      await Promise.all([said.ended, once(silent, 'close')])
      expect([said.stream.status, silent.status]).toEqual(['reset', 'reset'])
      expect(connection.status).toBe('open')
    } finally {
      await peer.stop()
      await serving.stop()
    }
  })

  test.each([
    ['longer than any', Array.from({ length: 10 }, () => 0xff)],
    ['no message', [3, 0x0a, 0xff, 0xff]],
  ])('is cut off at once where what it says is %s', async (_, bytes) => {
    const { serving, peer, connection } = await begin()
    try {
      const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
      const ended = once(stream, 'close')
      stream.send(Uint8Array.from(bytes))
      await ended
      expect(stream.status).toBe('reset')
    } finally {
      await peer.stop()
      await serving.stop()
    }
  })

  test('is cut off where the halves come to a megabyte, and who says all of it is heard', async () => {
    const { serving, peer, connection, heard, half } = await begin()
    try {
      const streams = await Promise.all([1, 2, 3, 4].map(() => half(300_000)))
      await Promise.race(streams.map(({ ended }) => ended))
      expect(streams.map(({ stream }) => stream.status)).toContain('open')
      const cid = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
      const entry = [0x0a, cid.bytes.length, ...cid.bytes]
      const list = [0x0a, entry.length + 2, 0x0a, entry.length, ...entry]
      const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
      stream.send(Uint8Array.from([list.length, ...list]))
      while (heard.length === 0) await sleep(5)
      expect(heard).toEqual([cid.toString()])
    } finally {
      await peer.stop()
      await serving.stop()
    }
  })
})

test('a port that is in use is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-bitswap-'))
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const started = createRetrieval({
    folder,
    pieces: () => [],
    chain: noChain,
    libp2pPort: port,
    log: () => undefined,
  })
  await expect(started).rejects.toMatchObject({ code: 'PORT_IN_USE', details: { port } })
  taken.close()
  await rm(folder, { recursive: true, force: true })
})
