/**
 * Bitswap for any IPFS node that dials in: a private libp2p node that serves the pieces' blocks and does nothing else.
 * It knows no bootstrap peers, no DHT, no discovery, and it never asks anyone for a block.
 */
import { lookup } from 'node:dns/promises'
import { GranaryError } from '@granary/base'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { WantsReader } from './dag-thread.ts'
import type { PeerKey } from './peer-key.ts'
import { type ServingOptions, serveBitswap } from './serve-bitswap.ts'

export interface BitswapOptions extends ServingOptions {
  readonly key: PeerKey
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
}

export interface Bitswap {
  readonly multiaddrs: readonly string[]
  stop(): Promise<void>
}

/** For each there are two messages in memory at the most. */
const CONNECTIONS_MAX = 128
const CONNECTIONS_PER_ADDRESS = 8

/** Its packages are optional peers: they bring 70 others to who only wants to store. */
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
  reader: WantsReader,
  { key, host, port, ...serving }: BitswapOptions,
): Promise<Bitswap> {
  const [{ createLibp2p }, { tcp }, { noise }, { yamux }, { identify }] = await bitswapPackages()
  const openFrom = (address: string): number =>
    libp2p.getConnections().filter(({ remoteAddr }) => hostOf(remoteAddr) === address).length
  const libp2p = await createLibp2p({
    privateKey: key,
    addresses: { listen: [await listenAddress(host, port)] },
    transports: [tcp()],
    connectionEncrypters: [joiningFrames(noise())],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    connectionManager: { maxConnections: CONNECTIONS_MAX },
    connectionGater: {
      denyInboundConnection: ({ remoteAddr }) => openFrom(hostOf(remoteAddr)) >= CONNECTIONS_PER_ADDRESS,
    },
  })
  const stopBitswap = await serveBitswap(libp2p, reader, serving).catch(async (error: unknown) => {
    await libp2p.stop()
    throw error
  })
  return {
    multiaddrs: libp2p.getMultiaddrs().map(String),
    stop: async () => {
      await stopBitswap()
      await libp2p.stop()
    },
  }
}

type Encrypter = ReturnType<typeof import('@libp2p/noise').noise>

/** libp2p's TCP gives the system each part of a frame by itself, four packets for 64 KiB: they are one part when it gets them. */
function joiningFrames(encrypter: Encrypter): Encrypter {
  return (components) => {
    const joining = encrypter(components)
    const secureInbound = joining.secureInbound.bind(joining)
    joining.secureInbound = (connection, options) => {
      const send = connection.send.bind(connection)
      connection.send = (frames) => send(frames.subarray())
      return secureInbound(connection, options)
    }
    return joining
  }
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

/** Ahead of a start that still waits for something. Whether they are there, the start says. */
export async function loadBitswap(): Promise<void> {
  await bitswapPackages().catch(() => undefined)
}

/** Only a provider that serves bitswap pays for them. */
async function bitswapPackages() {
  try {
    return await Promise.all([
      import('libp2p'),
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
