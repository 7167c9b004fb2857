/**
 * Bitswap for any IPFS node that dials in: a private libp2p node that serves the pieces' blocks and does nothing else.
 * It knows no bootstrap peers, no DHT, no discovery, and it never asks anyone for a block. So Helia's bitswap is all that it has of
 * Helia, whose node would bring pins, gateways, WebRTC and a DHT along: 40 MB and half a second.
 */
import { lookup } from 'node:dns/promises'
import { GranaryError, isAbortError } from '@granary/base'
import type { Multiaddr } from '@multiformats/multiaddr'
import { BaseBlockstore } from 'blockstore-core'
import type { Libp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import type { PeerKey } from './peer-key.ts'
import type { PieceBlocks } from './piece-blocks.ts'

export interface BitswapOptions {
  readonly key: PeerKey
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
  /** Told of each block that leaves. */
  readonly onServed: (cid: CID, bytes: number) => void
}

export interface Bitswap {
  readonly multiaddrs: readonly string[]
  stop(): Promise<void>
}

/** Each may ask for blocks, which are read and hashed for it on the thread that answers proofs. */
const CONNECTIONS_MAX = 128
const CONNECTIONS_PER_ADDRESS = 8

/** Its packages are optional peers: they bring 480 others, React Native among them, to who only wants to store. */
export class BitswapMissingError extends GranaryError {
  constructor(cause: unknown) {
    super({
      code: 'BITSWAP_NOT_INSTALLED',
      message: 'bitswap is not served: its packages are not installed',
      hint: 'install them beside @granary/provider (its package.json lists them as optional peers), or set no libp2p port',
      cause,
    })
  }
}

/** @throws BitswapMissingError BITSWAP_NOT_INSTALLED, and what libp2p throws when it cannot listen */
export async function startBitswap(
  blocks: PieceBlocks,
  { key, host, port, onServed }: BitswapOptions,
): Promise<Bitswap> {
  const [{ createLibp2p }, { withBitswap }, { tcp }, { noise }, { yamux }, { identify }] = await bitswapPackages()
  const openFrom = (address: string): number =>
    libp2p.getConnections().filter(({ remoteAddr }) => hostOf(remoteAddr) === address).length
  const libp2p = await createLibp2p({
    privateKey: key,
    addresses: { listen: [await listenAddress(host, port)] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    connectionManager: { maxConnections: CONNECTIONS_MAX },
    connectionGater: {
      denyInboundConnection: ({ remoteAddr }) => openFrom(hostOf(remoteAddr)) >= CONNECTIONS_PER_ADDRESS,
    },
  })
  const stopBitswap = await serveOver(libp2p, new ServedBlocks(blocks, onServed), withBitswap).catch(
    async (error: unknown) => {
      await libp2p.stop()
      throw error
    },
  )
  return {
    multiaddrs: libp2p.getMultiaddrs().map(String),
    stop: async () => {
      await stopBitswap()
      await libp2p.stop()
    },
  }
}

interface Mixin {
  start(node: object): Promise<void>
}

interface Broker {
  stop(): Promise<void>
}

/** Bitswap is a mixin of a Helia node, of which this is as much as it looks at to serve. @returns what ends it */
async function serveOver(
  libp2p: Libp2p,
  blockstore: ServedBlocks,
  withBitswap: (node: never) => unknown,
): Promise<() => Promise<void>> {
  const mixins: Mixin[] = []
  const brokers: Broker[] = []
  const node = {
    ...{ status: 'starting', libp2p, blockstore, logger: libp2p.logger },
    // Of blocks that come in: none is asked for.
    getHasher: () => Promise.reject(new Error('no block is taken from anyone')),
    addMixin: (mixin: Mixin) => mixins.push(mixin),
    hasBlockBroker: () => false,
    addBlockBroker: (broker: Broker) => brokers.push(broker),
  }
  withBitswap(node as never)
  for (const mixin of mixins) await mixin.start(node)
  return async () => {
    await Promise.all(brokers.map((broker) => broker.stop()))
  }
}

/** To bitswap, a block that fails its hash is one that is not here: peers hear so at once and ask elsewhere. */
class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

/** The address alone: a port tells nobody apart. */
function hostOf(remote: Multiaddr): string {
  return remote.getComponents()[0]?.value ?? ''
}

/** A name such as localhost means here what it means to the HTTP server. */
async function listenAddress(host: string, port: number): Promise<string> {
  const { address, family } = await lookup(host)
  return `/ip${family}/${address}/tcp/${port}`
}

class ServedBlocks extends BaseBlockstore {
  readonly #blocks: PieceBlocks
  readonly #onServed: BitswapOptions['onServed']

  constructor(blocks: PieceBlocks, onServed: BitswapOptions['onServed']) {
    super()
    this.#blocks = blocks
    this.#onServed = onServed
  }

  override has(cid: CID): boolean {
    return this.#blocks.has(cid)
  }

  override async *get(cid: CID, options: { signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of this.#blocks.get(cid, options)) {
        this.#onServed(cid, bytes.length)
        yield bytes
      }
    } catch (error) {
      if (isAbortError(error)) throw error
      throw new NotFoundError(`no good block ${cid}`, { cause: error })
    }
  }

  override put(cid: CID): never {
    throw new GranaryError({
      code: 'STORE_READ_ONLY',
      message: `block ${cid} cannot be put here`,
      hint: 'content comes into a provider by deals only',
    })
  }
}

/** Ahead of a start that still waits for something. Whether they are there, the start says. */
export async function loadBitswap(): Promise<void> {
  await bitswapPackages().catch(() => undefined)
}

/** Only a provider that serves bitswap pays for them. */
async function bitswapPackages() {
  try {
    return await Promise.all([
      import('libp2p'),
      import('@helia/bitswap'),
      import('@libp2p/tcp'),
      import('@libp2p/noise'),
      import('@libp2p/yamux'),
      import('@libp2p/identify'),
    ])
  } catch (error) {
    if (Error.isError(error) && Reflect.get(error, 'code') === 'ERR_MODULE_NOT_FOUND')
      throw new BitswapMissingError(error)
    throw error
  }
}
