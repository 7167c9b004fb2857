/**
 * A chain's node over made-up state: a provider with any number of sectors in partitions, which does not move by itself. It
 * answers as the operations declare it, within a process or over HTTP.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { devnetParams, productionParams } from '@granary/chain/state'
import {
  followEvents,
  getAccount,
  getChallenge,
  getParams,
  getPartition,
  getProvider,
  getSector,
  getStatus,
  listChallenges,
  listMembers,
  listPartitions,
} from '@granary/protocol/chain-api'
import type { Answer, Operation, Request } from '@granary/protocol/operation'
import { chainParams, feeParams } from '@granary/protocol/records'

export interface LargeChainOptions {
  readonly partitions: number
  readonly sectorsEach: number
  readonly profile: string
  /** Of every sector. */
  readonly commR: `0x${string}`
}

export interface LargeChain {
  /** As a client calls it. */
  readonly fetch: typeof fetch
  /** Makes a block. */
  next(): void
  challenge(partition: number): void
  /** What has gone over the line since it was started. */
  counted(): { readonly requests: number; readonly bytes: number; readonly answered: number }
}

export const PROVIDER = 1_000
export const BLOCK_TIME_MS = 2_000
export const PERIOD_EPOCHS = 43_200
const FIRST_HEIGHT = 1_000
const WINDOW_EPOCHS = 100
const EXPIRY = 9_000_000
const PAGE_ITEMS = 100
/** Of a request, its answer and an event: about what names, heights and hashes in their headers take. */
const HEADER_BYTES = 400
const GENESIS = `0x${'ab'.repeat(32)}` as const
const OWNER = `0x${'22'.repeat(20)}` as const

type Answering = (path: string, query: URLSearchParams) => object | undefined

export function createLargeChain({ partitions, sectorsEach, profile, commR }: LargeChainOptions): LargeChain {
  const open = new Map<number, number>()
  const listeners = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const encoder = new TextEncoder()
  let height = FIRST_HEIGHT
  let index = 0
  let [requests, bytes, answered] = [0, 0, 0]

  function tell(event: { readonly type: string; readonly timeMs?: number }): void {
    const data = JSON.stringify({ height, ...event })
    const sent = encoder.encode(`id: ${height}.${index++}\nevent: ${event.type}\ndata: ${data}\n\n`)
    bytes += sent.length * listeners.size
    for (const listener of listeners) listener.enqueue(sent)
  }

  const windowOf = (epoch: number) => ({ epoch, deadline: epoch + WINDOW_EPOCHS })
  const partitionView = (number: number) => ({
    ...{ provider: PROVIDER, number, slot: number, profile, sectors: sectorsEach, sound: sectorsEach },
    ...{ lastProven: 900, power: sectorsEach * 2_048, pending: '12345678901234567' },
    ...(open.has(number) ? { challenge: windowOf(open.get(number) ?? 0) } : {}),
  })
  const membersOf = (partition: number) =>
    Array.from({ length: sectorsEach }, (_, position) => ({ number: partition * sectorsEach + position + 1, commR }))
  const page = <Item>(all: readonly Item[], keyOf: (item: Item) => number, after = -1, limit = PAGE_ITEMS) => {
    const items = all.filter((item) => keyOf(item) > after).slice(0, limit)
    return { height, items, next: items.length < limit ? null : String(keyOf(items.at(-1) as Item)) }
  }
  const params = {
    ...productionParams(BLOCK_TIME_MS),
    provingPeriod: PERIOD_EPOCHS,
    profiles: devnetParams()
      .profiles.filter(({ name }) => name === profile)
      .map((each) => ({ ...each, responseWindow: WINDOW_EPOCHS })),
  }

  const answers: readonly Answering[] = [
    on(getStatus, () => ({
      ...{ height, genesisHash: GENESIS, chainId: 'large', devnet: false, timeMs: Date.now() },
      ...{ blockTimeMs: BLOCK_TIME_MS, appHash: GENESIS, version: '0' },
      clock: { trust: 'local' as const, newestRound: null, silentMs: 0, aheadMs: null, stalled: null },
    })),
    on(getParams, () => ({
      height,
      fees: { ...feeParams.toJson(params, 'fees') },
      params: { ...chainParams.toJson(params, 'params') },
    })),
    on(getAccount, ({ params: { address } }) => ({
      ...{ height, address, exists: true, balance: `${10n ** 24n}`, locked: '0', sequences: {} },
    })),
    on(getProvider, () => ({
      ...{ height, id: PROVIDER, owner: OWNER, payout: OWNER, sessionKey: null, endpoints: [] },
      ...{ peerId: '', region: '', name: '', ask: null, registeredAt: 1 },
      collateral: { free: '0', locked: '0', debt: '0' },
      vesting: { locked: '0', releasable: '0', end: null, perDealGiB: null },
    })),
    on(listPartitions, ({ query: { after, limit } }) => {
      const all = Array.from({ length: partitions }, (_, number) => number)
      const { items, ...rest } = page(all, (number) => number, after, limit)
      return { ...rest, items: items.map(partitionView) }
    }),
    on(getPartition, ({ params: { partition } }) => ({ height, ...partitionView(partition) })),
    on(listMembers, ({ params: { partition }, query: { after, limit, state } }) => {
      const all = membersOf(partition).map((each, position) => ({ ...each, position, state: 'sound' as const }))
      return page(state === 'faulty' ? [] : all, ({ position }) => position, after, limit)
    }),
    on(listChallenges, ({ query: { after, limit } }) => {
      const all = [...open].map(([partition, epoch]) => ({ partition, kind: 'post' as const, ...windowOf(epoch) }))
      const sorted = all.toSorted((a, b) => a.partition - b.partition)
      return page(sorted, ({ partition }) => partition, after, limit)
    }),
    on(getChallenge, ({ params: { partition, kind } }) => ({
      ...{ height, provider: PROVIDER, partition, profile, kind, ...windowOf(open.get(partition) ?? height) },
      ...{ randomness: GENESIS, count: 80, sectors: membersOf(partition) },
    })),
    on(getSector, ({ params: { provider, number } }) => ({
      ...{ height, provider, number, state: 'active' as const, profile, commR, expiry: EXPIRY, activatedAt: 1 },
      ...{ commD: commR, ticketEpoch: 1, preCommitEpoch: 1, commitBy: 1, deals: [] },
      ...{ partition: Math.floor((number - 1) / sectorsEach) },
    })),
  ]

  function submitted(): object {
    answered += 1
    const [oldest] = open.keys()
    if (oldest !== undefined) open.delete(oldest)
    const id = `0x${answered.toString(16).padStart(64, '0')}`
    return { id, height, kind: 'SubmitPost', code: 'OK', fee: '1', events: [], executionMs: 1 }
  }

  function stream(signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        listeners.add(controller)
        signal?.addEventListener('abort', () => listeners.delete(controller) && controller.error(signal.reason))
      },
      cancel: () => listeners.clear(),
    })
  }

  return {
    fetch: async (asked, init) => {
      const { pathname, searchParams, search } = new URL(String(asked))
      const headers = { 'granary-genesis': GENESIS, 'granary-height': String(height) }
      requests += 1
      bytes += pathname.length + search.length + HEADER_BYTES
      if (init?.body instanceof Uint8Array) bytes += init.body.length
      if (pathname === followEvents.path) return new Response(stream(init?.signal), { headers })
      const answer =
        init?.method === 'POST'
          ? submitted()
          : answers.map((each) => each(pathname, searchParams)).find((each) => each !== undefined)
      if (answer === undefined) throw new Error(`${pathname} is not answered here`)
      const text = JSON.stringify(answer)
      bytes += text.length + HEADER_BYTES
      return new Response(text, { headers: { ...headers, 'content-type': 'application/json' } })
    },
    next: () => {
      height += 1
      index = 0
      tell({ type: 'block', timeMs: Date.now() })
    },
    challenge: (partition) => {
      open.set(partition, height)
      const opened = { provider: PROVIDER, partition, epoch: height, deadline: height + WINDOW_EPOCHS }
      tell({ type: 'challenge:opened', ...opened })
    },
    counted: () => ({ requests, bytes, answered }),
  }
}

/** Undefined for another path. */
function on<O extends Operation>(operation: O, answer: (input: Request<O>) => Answer<O>): Answering {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const pattern = new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`)
  return (path, query) => {
    const found = pattern.exec(path)
    if (found === null) return undefined
    const params = operation.params.parse(Object.fromEntries(names.map((name, place) => [name, found[place + 1]])))
    return answer({ params, query: operation.query?.parse(Object.fromEntries(query)) } as Request<O>) as object
  }
}

/** The same over HTTP; a block comes in its time, and a challenge twice a period and partition. */
export async function serveLargeChain(options: LargeChainOptions): Promise<{
  readonly url: string
  readonly chain: LargeChain
  /** In both directions, with all headers. */
  bytes(): number
  stop(): void
}> {
  const chain = createLargeChain(options)
  const server = createServer(async (request, response) => {
    const body = request.method === 'POST' ? Buffer.concat(await Array.fromAsync(request)) : null
    const leaving = new AbortController()
    response.once('close', () => leaving.abort())
    const asked = { method: request.method ?? 'GET', body, signal: leaving.signal }
    const answer = await chain.fetch(`http://localhost${request.url}`, asked)
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    try {
      for await (const part of answer.body ?? []) response.write(part)
    } catch {
      // Who followed the events has gone.
    }
    response.end()
  })
  let bytes = 0
  const counting = new Map<Socket, number>()
  const count = (socket: Socket): void => {
    const now = socket.bytesRead + socket.bytesWritten
    bytes += now - (counting.get(socket) ?? 0)
    counting.set(socket, now)
  }
  server.on('connection', (socket) => {
    counting.set(socket, 0)
    socket.once('close', () => {
      count(socket)
      counting.delete(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const blocks = setInterval(chain.next, BLOCK_TIME_MS)
  const challengeEveryMs = (PERIOD_EPOCHS * BLOCK_TIME_MS) / (2 * options.partitions)
  const challenge = (): void => chain.challenge(Math.floor(Math.random() * options.partitions))
  const challenging = setInterval(challenge, challengeEveryMs)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chain,
    bytes: () => {
      for (const socket of counting.keys()) count(socket)
      return bytes
    },
    stop: () => {
      clearInterval(challenging)
      clearInterval(blocks)
      server.closeAllConnections()
      server.close()
    },
  }
}
