/**
 * Retrieval: the pieces that this provider keeps, to anyone who knows a CID. HTTP gateway, pieces, routing, bitswap.
 * docs/spec/market-protocol.md, retrieval.
 */
import { join } from 'node:path'
import { GranaryError, isAbortError } from '@granary/base'
import { CidInvalidError } from '@granary/content'
import express, { type RequestHandler, type RequestParamHandler, type Router } from 'express'
import type { Denylist } from '../denylist/denylist.ts'
import { readMethods } from '../http/open-to-browsers.ts'
import type { Log } from '../log.ts'
import type { RestorationOf } from '../storage/restoration.ts'
import { announcedAddresses, isLoopback } from './announced-addresses.ts'
import { openBlockIndex, type StoredPiece } from './block-index.ts'
import { createDagThread, type WantsReader } from './dag-thread.ts'
import { endpointAddress } from './endpoint-address.ts'
import { createFindPeer, type ProviderList } from './find-peer.ts'
import type { DealDirectory } from './find-providers.ts'
import { retrievalErrors } from './http-error.ts'
import { indexPiece } from './index-piece.ts'
import { meterRetrieval, type OnServed } from './meter-retrieval.ts'
import { loadPeerIdentity, type PeerKey } from './peer-key.ts'
import { createPieceBlocks, damageHint } from './piece-blocks.ts'
import { serveIpfs } from './serve-ipfs.ts'
import { servePiece } from './serve-piece.ts'
import { servePeers, serveProviders } from './serve-routing.ts'
import { type Bitswap, BitswapMissingError, type BitswapOptions, startBitswap } from './start-bitswap.ts'
import { createTurns, takeTurns, type UntilTurn } from './turns.ts'
import { whileRestored } from './while-restored.ts'

export interface RetrievalOptions {
  /** The provider's folder: the index and the peer key live here. */
  readonly folder: string
  /** What is stored, asked once at the start: the index is brought in line with it. */
  readonly pieces: () => Iterable<StoredPiece>
  readonly chain: DealDirectory & ProviderList
  /** Undefined for no bitswap; 0 for a free port. */
  readonly libp2pPort: number | undefined
  /** @default 127.0.0.1 */
  readonly libp2pHost?: string
  /** Under which clients reach this provider. */
  readonly url?: string
  /** Multiaddrs under which others reach its bitswap. @default where it listens, as far as `url` says that it is reached there */
  readonly libp2pAddresses?: readonly string[] | undefined
  /** @default none */
  readonly denylists?: readonly Denylist[]
  /** Told what has been fetched. @default nobody */
  readonly onServed?: OnServed
  /** A piece's file cannot be read, or is not what it was. */
  readonly onDamaged?: (pieceCid: string) => void
  /** @default nothing is made again */
  readonly restorationOf?: RestorationOf
  readonly log: Log
}

export interface Retrieval {
  /** /ipfs, /piece and /routing/v1. */
  readonly router: Router
  readonly peerId: string
  /** Where bitswap listens. */
  readonly multiaddrs: readonly string[]
  /** Where others reach it, without the peer id. */
  readonly announced: readonly string[]
  /** Resolves when the pieces of the start are in the index; they are served as they get there. */
  readonly ready: Promise<void>
  /** Resolves when the piece is served. @throws what is wrong with its file, CarInvalidError CAR_INVALID for one */
  addPiece(piece: StoredPiece): Promise<void>
  removePiece(pieceCid: string): Promise<void>
  /** Serves by these rules from now on, in place of the earlier ones. */
  deny(denylists: readonly Denylist[]): void
  stop(): Promise<void>
}

const LIBP2P_HOST = '127.0.0.1'

export async function createRetrieval(options: RetrievalOptions): Promise<Retrieval> {
  const { folder, chain, onDamaged, restorationOf = () => undefined, url = 'http://127.0.0.1' } = options
  const log: Log = (event) => {
    options.log(event)
    const isDamage = event.type === 'block-corrupt' || event.type === 'piece-unreadable'
    if (isDamage && typeof event.pieceCid === 'string') onDamaged?.(event.pieceCid)
  }
  const { key, peerId } = await loadPeerIdentity(folder)
  const indexPath = join(folder, 'index.sqlite')
  const index = openBlockIndex(indexPath)
  let denied = options.denylists ?? []
  const denylists = (): readonly Denylist[] => denied
  const blocks = createPieceBlocks(index, log, denylists)
  const dags = createDagThread({ indexPath, denylists: denied, log })
  const untilTurn = createTurns()
  const stopped = new AbortController()
  const meter = meterRetrieval(index, options.onServed ?? (() => {}), stopped.signal)
  const bitswap = await serveBitswap(dags, options, key, { onServed: meter.block, untilTurn }).catch(
    (error: unknown) => {
      index.close()
      throw error
    },
  )

  // One change at a time: reading two pieces at once is slower than one after the other, on disks that spin.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    const result = last.then(() => {
      stopped.signal.throwIfAborted()
      return work()
    })
    last = result.catch(() => undefined)
    return result
  }
  const unindexed = new Map<string, StoredPiece>()
  const indexing = new Set<StoredPiece>()
  const addPiece = (piece: StoredPiece): Promise<void> => {
    unindexed.set(piece.pieceCid, piece)
    indexing.add(piece)
    return inTurn(async () => {
      if (!index.holds(piece)) {
        await indexPiece(index, piece, stopped.signal)
        log({ type: 'piece-indexed', pieceCid: piece.pieceCid })
      }
      unindexed.delete(piece.pieceCid)
    }).finally(() => indexing.delete(piece))
  }
  const removePiece = (pieceCid: string): Promise<void> =>
    inTurn(() => {
      unindexed.delete(pieceCid)
      index.remove(pieceCid)
    })
  const addAtStart = (piece: StoredPiece): Promise<void> =>
    addPiece(piece).catch((error: unknown) => {
      if (isAbortError(error)) return
      const { pieceCid, path } = piece
      log({ type: 'piece-unreadable', level: 'alert', pieceCid, path, error: String(error), hint: damageHint })
    })

  const pieces = [...options.pieces()]
  const stored = new Set(pieces.map(({ pieceCid }) => pieceCid))
  for (const pieceCid of index.pieceCids()) if (!stored.has(pieceCid)) index.remove(pieceCid)
  const multiaddrs = bitswap?.multiaddrs ?? []
  const announced = announcedAddresses({
    ...{ listening: multiaddrs, host: options.libp2pHost ?? LIBP2P_HOST, url },
    configured: options.libp2pAddresses,
  })
  const self = { peerId, multiaddrs: announced, isOnLoopback: isLoopback(endpointAddress(url) ?? '') }
  const rootsOf = (cid: { multihash: { bytes: Uint8Array } }): string[] => index.rootsOf(cid.multihash.bytes)

  const router = express.Router()
  router.use(['/ipfs', '/piece', '/routing'], readOnly)
  router.use(['/ipfs', '/piece'], inSandbox, takingTurns(untilTurn))
  for (const name of ['cid', 'pieceCid', 'peer']) router.param(name, requireShort)
  const base = new URL(url).pathname.replace(/\/$/, '')
  const isIndexing = (pieceCid: string): boolean => [...indexing].some((piece) => piece.pieceCid === pieceCid)
  const restoring = { restorationOf, unindexed: () => unindexed.values(), isIndexing }
  router.get('/ipfs/:cid{/*path}', meter.content, whileRestored(restoring, serveIpfs(dags, { base, denylists })))
  router.get('/piece/:pieceCid', meter.piece, whileRestored(restoring, servePiece(index, blocks, dags, denylists)))
  router.get('/routing/v1/providers/:cid', serveProviders({ chain, rootsOf, has: blocks.has, self }))
  router.get('/routing/v1/peers/:peer', servePeers(createFindPeer(chain), self))
  router.use(retrievalErrors())

  return {
    router,
    peerId,
    multiaddrs,
    announced,
    ready: Promise.all(pieces.map(addAtStart)).then(() => undefined),
    addPiece,
    removePiece,
    deny(next) {
      denied = next
      dags.deny(next)
    },
    async stop() {
      stopped.abort()
      await Promise.all([bitswap?.stop(), dags.stop()])
      await last
      index.close()
    },
  }
}

/** Where bitswap's packages are not installed the provider serves HTTP alone, and says so. */
async function serveBitswap(
  reader: WantsReader,
  { libp2pPort: port, libp2pHost: host = LIBP2P_HOST, log }: RetrievalOptions,
  key: PeerKey,
  means: Pick<BitswapOptions, 'onServed' | 'untilTurn'>,
): Promise<Bitswap | undefined> {
  if (port === undefined) return undefined
  try {
    return await startBitswap(reader, { key, host, port, ...means })
  } catch (error) {
    if (!(error instanceof BitswapMissingError)) throw new BitswapNotStartedError(port, error)
    const { code, message, hint } = error
    log({ type: 'bitswap-missing', level: 'warn', code, message, hint })
    return undefined
  }
}

export class BitswapNotStartedError extends GranaryError {
  constructor(port: number, cause: unknown) {
    super({
      code: 'PORT_IN_USE',
      message: `bitswap cannot listen on port ${port}: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'choose another --libp2p-port, or 0 for a free one',
      details: { port },
      cause,
    })
  }
}

/** Somebody's content is no part of this provider's origin: it runs no scripts and sees nothing of what else is here. */
const inSandbox: RequestHandler = (_request, response, next) => {
  response.setHeader('Content-Security-Policy', 'sandbox')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  next()
}

/** What is longer names nothing that is taken: a CID holds 128 bytes at the most, eight characters each in the widest base. */
const CID_TEXT_MAX = 1_100

/** Before it is decoded: in base58 twice the length takes four times as long, and nothing else goes on meanwhile. */
const requireShort: RequestParamHandler = (_request, _response, next, text: string) => {
  if (text.length > CID_TEXT_MAX) throw new CidInvalidError(text, `it has ${text.length} characters`)
  next()
}

function takingTurns(untilTurn: UntilTurn): RequestHandler {
  return (_request, response, next) => {
    takeTurns(response, untilTurn)
    next()
  }
}

/** Content is read here, and changed nowhere. */
const readOnly: RequestHandler = (request, response, next) => {
  if (readMethods.includes(request.method)) return next()
  response.setHeader('Allow', readMethods.join(', '))
  throw new GranaryError({
    code: 'METHOD_NOT_ALLOWED',
    message: `${request.method} is nothing that content can be asked`,
    hint: `ask with ${readMethods.join(', ')}; data is stored by a deal`,
  })
}
