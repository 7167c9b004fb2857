/**
 * Holders of content for tests: each has some blocks, answers as a trustless gateway does, and may be in trouble. They are
 * asked over real HTTP, or without a network.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  type BlockReader,
  type CID,
  carHeader,
  carSection,
  entityBlocks,
  multihashKey,
  PathNotFoundError,
  parseCid,
  readBlock,
  resolvePath,
  walkDag,
} from '@granary/content'
import type { Fetch } from '../src/ports.ts'

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

export type Answer = (request: Request) => Response | Promise<Response>

/** What is done to the blocks of a CAR on their way out. */
export type Trouble = (blocks: AsyncIterable<Block>, request: Request) => AsyncIterable<Block | Uint8Array>

export class Blocks implements BlockReader {
  readonly #blocks = new Map<string, Block>()

  constructor(blocks: Iterable<Block> = []) {
    for (const block of blocks) this.put(block.cid, block.bytes)
  }

  put(cid: CID, bytes: Uint8Array): CID {
    this.#blocks.set(multihashKey(cid), { cid, bytes })
    return cid
  }

  all(): Block[] {
    return [...this.#blocks.values()]
  }

  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const block = this.#blocks.get(multihashKey(cid))
    if (block === undefined) throw new RangeError(`block ${cid} is not here`)
    yield block.bytes
  }
}

export function holderOf(blocks: BlockReader, trouble: Trouble = (all) => all): Answer {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const [root = '', ...names] = decodeURIComponent(pathname).replace('/ipfs/', '').split('/')
    try {
      if (searchParams.get('format') === 'raw') {
        const cid = parseCid(root)
        const sent = trouble(once_({ cid, bytes: await readBlock(blocks, cid) }), request)
        return bodyOf(rawBytes(sent))
      }
      const [from, to] = (searchParams.get('entity-bytes') ?? '0:*').split(':')
      const { cid, blocks: onTheWay } = await resolvePath(parseCid(root), names, blocks)
      await readBlock(blocks, cid)
      const offset = Number(from)
      const length = to === '*' ? undefined : Number(to) - offset + 1
      const below =
        searchParams.get('dag-scope') === 'all'
          ? walkDag(cid, blocks)
          : entityBlocks(cid, blocks, { range: () => ({ offset, length }) })
      return bodyOf(carBytes(cid, trouble(inOrder(onTheWay, below), request)))
    } catch (error) {
      return error instanceof PathNotFoundError ? notThere() : refusal('BLOCK_MISSING')
    }
  }
}

/** What is said of a path that the content does not have. */
export function notThere(): Response {
  return refusal('PATH_NOT_FOUND')
}

function refusal(code: string): Response {
  const error = { code, message: 'it is not here', hint: '', retryable: false }
  return Response.json({ error }, { status: 404 })
}

async function* once_(block: Block): AsyncGenerator<Block> {
  yield block
}

/** Each once, as a CAR without duplicates has them. */
async function* inOrder(onTheWay: readonly Block[], below: AsyncIterable<Block>): AsyncGenerator<Block> {
  const seen = new Set<string>()
  async function* all(): AsyncGenerator<Block> {
    yield* onTheWay
    yield* below
  }
  for await (const block of all()) {
    const key = block.cid.toString()
    if (!seen.has(key)) yield block
    seen.add(key)
  }
}

async function* carBytes(root: CID, blocks: AsyncIterable<Block | Uint8Array>): AsyncGenerator<Uint8Array> {
  yield carHeader([root])
  for await (const block of blocks) {
    if (block instanceof Uint8Array) yield block
    else yield* carSection(block)
  }
}

async function* rawBytes(blocks: AsyncIterable<Block | Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) yield block instanceof Uint8Array ? block : block.bytes
}

function bodyOf(bytes: AsyncGenerator<Uint8Array>): Response {
  return new Response(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const next = await bytes.next()
          if (next.done) controller.close()
          // An empty block has a section without bytes of its own.
          else controller.enqueue(next.value.length === 0 ? new Uint8Array() : next.value)
        } catch (error) {
          controller.error(error)
        }
      },
      cancel: () => void bytes.return(undefined),
    }),
  )
}

export interface Reached extends AsyncDisposable {
  readonly endpoints: readonly string[]
  readonly fetch: Fetch
}

/** Without a network. */
export async function reachInMemory(answers: readonly Answer[]): Promise<Reached> {
  return {
    endpoints: answers.map((_, at) => `http://holder-${at}.test`),
    async fetch(input, init) {
      const request = new Request(input, init)
      const at = /^holder-(\d+)\.test$/.exec(new URL(request.url).hostname)?.[1]
      if (at === undefined) return await fetch(input, init)
      const { signal } = request
      signal.throwIfAborted()
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      // Nobody is left to be told when the answer came first.
      aborted.catch(() => undefined)
      const response = await Promise.race([answers[Number(at)]!(request), aborted])
      if (response.status >= 300 && response.status < 400 && request.redirect === 'error')
        throw new TypeError('unexpected redirect')
      return new Response(endingWith(response.body, signal), { status: response.status, headers: response.headers })
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** A body that ends with its request's signal, as that of a platform's fetch does. */
function endingWith(body: ReadableStream<Uint8Array> | null, signal: AbortSignal): ReadableStream<Uint8Array> | null {
  if (body === null) return null
  const through = new TransformStream<Uint8Array, Uint8Array>()
  body.pipeTo(through.writable, { signal }).catch(() => undefined)
  return through.readable
}

/** Over HTTP on this machine. */
export async function reachOverHttp(answers: readonly Answer[]): Promise<Reached> {
  const servers = await Promise.all(
    answers.map(async (answer) => {
      const server = createServer((request, response) => {
        const url = `http://${request.headers.host}${request.url}`
        const serve = async (): Promise<void> => {
          const { status, headers, body } = await answer(new Request(url))
          response.writeHead(status, Object.fromEntries(headers))
          if (body === null) response.end()
          else await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), response)
        }
        serve().catch(() => response.destroy())
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  return {
    fetch,
    endpoints: servers.map((server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    }),
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      }
    },
  }
}
