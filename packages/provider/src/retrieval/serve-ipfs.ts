/**
 * GET|HEAD /ipfs/{cid}[/path]: blocks, CARs and files, only of what is stored here.
 * https://specs.ipfs.tech/http-gateways/trustless-gateway/ and path-gateway/
 */
import { createHash } from 'node:crypto'
import {
  type Block,
  carHeader,
  carSection,
  entityBlocks,
  fileLength,
  parseCid,
  type ReadOptions,
  readBlock,
  readFile,
  resolvePath,
  walkDag,
} from '@granary/content'
import { GranaryError } from '@granary/errors'
import type { Request, RequestHandler, Response } from 'express'
import mime from 'mime'
import type { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import type { PieceBlocks } from './piece-blocks.ts'
import { isKnown, sendRange, sendStream } from './send-bytes.ts'
import { type CarFormat, queryText, wantedFormat } from './wanted-format.ts'

const SNIFF_BYTES = 512

interface Target {
  readonly cid: CID
  /** The blocks that lead to `cid`, from the root. */
  readonly blocks: readonly Block[]
  readonly names: readonly string[]
}

export function serveIpfs(blocks: PieceBlocks): RequestHandler {
  return async (request, response) => {
    const format = wantedFormat(request)
    const target = await findTarget(request, blocks)
    const { cid } = target
    response.setHeader('Cache-Control', 'public, max-age=29030400, immutable')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('X-Ipfs-Path', encodeURI(`/ipfs/${[root(request), ...target.names].join('/')}`))
    response.setHeader('X-Ipfs-Roots', [...target.blocks.map((block) => block.cid), cid].join(','))
    response.setHeader('Vary', 'Accept')
    switch (format.kind) {
      case 'raw':
        return sendRaw(request, response, cid, blocks)
      case 'car':
        return sendCar(request, response, target, format, blocks)
      case 'file':
        return sendFile(request, response, target, blocks)
    }
  }
}

async function findTarget(request: Request, blocks: PieceBlocks): Promise<Target> {
  const path: unknown = request.params.path
  const names = (Array.isArray(path) ? path.map(String) : []).filter((name) => name !== '')
  const root_ = parseCid(root(request))
  try {
    const { cid, blocks: onTheWay } = await resolvePath(root_, names, blocks)
    // What is not here is said now; the answer's headers are a promise that it is.
    await readBlock(blocks, cid)
    return { cid, blocks: onTheWay, names }
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'BLOCK_MISSING') throw error
    if (!/\bonly-if-cached\b/.test(request.get('cache-control') ?? '')) throw error
    throw new GranaryError({ ...error.toJSON(), code: 'NOT_CACHED', cause: error })
  }
}

function root(request: Request): string {
  return String(request.params.cid)
}

async function sendRaw(request: Request, response: Response, cid: CID, blocks: PieceBlocks): Promise<void> {
  const bytes = await readBlock(blocks, cid)
  response.setHeader('Content-Type', 'application/vnd.ipld.raw')
  response.setHeader('Content-Disposition', `attachment; filename="${cid}.bin"`)
  response.setHeader('ETag', `"${cid}.raw"`)
  await sendRange(request, response, {
    bytes: bytes.length,
    async *read(from, to) {
      if (to > from) yield bytes.subarray(from, to)
    },
  })
}

async function sendCar(
  request: Request,
  response: Response,
  target: Target,
  format: CarFormat,
  blocks: PieceBlocks,
): Promise<void> {
  const what = [request.params.cid, ...target.names, format.scope, JSON.stringify(format.entityBytes), format.dups]
  const tag = createHash('sha256').update(what.join('\n')).digest('hex').slice(0, 16)
  response.setHeader('Content-Type', `application/vnd.ipld.car; version=1; order=dfs; dups=${format.dups ? 'y' : 'n'}`)
  response.setHeader('Content-Disposition', `attachment; filename="${target.cid}.car"`)
  response.setHeader('Accept-Ranges', 'none')
  response.setHeader('ETag', `W/"${target.cid}.car.${tag}"`)
  if (isKnown(request, response)) {
    response.status(304).end()
    return
  }
  const stopped = new AbortController()
  response.once('close', () => stopped.abort())
  await sendStream(request, response, carOf(target, format, blocks, { signal: stopped.signal }))
}

async function* carOf(
  { cid, blocks: onTheWay }: Target,
  format: CarFormat,
  store: PieceBlocks,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  yield carHeader([cid])
  const seen = new Set<string>()
  const sections = function* (block: Block): Generator<Uint8Array> {
    if (block.cid.multihash.code !== identity.code) yield* carSection(block)
  }
  const unseen = function* (block: Block): Generator<Uint8Array> {
    const key = block.cid.toV1().toString()
    if (seen.has(key)) return
    if (!format.dups) seen.add(key)
    yield* sections(block)
  }
  for (const block of onTheWay) yield* unseen(block)
  if (format.scope === 'all') {
    for await (const block of walkDag(cid, store, { ...options, seen, dups: format.dups })) yield* sections(block)
    return
  }
  for await (const block of scopeBlocks(cid, format, store, options)) yield* unseen(block)
}

function scopeBlocks(
  cid: CID,
  { scope, entityBytes }: CarFormat,
  store: PieceBlocks,
  options: ReadOptions,
): AsyncGenerator<Block> {
  const range = entityBytes === undefined ? undefined : (bytes: number) => absoluteRange(entityBytes, bytes)
  return scope === 'block' ? oneBlock(cid, store, options) : entityBlocks(cid, store, { ...options, range })
}

async function* oneBlock(cid: CID, store: PieceBlocks, options: ReadOptions): AsyncGenerator<Block> {
  yield { cid, bytes: await readBlock(store, cid, options) }
}

/** Negative numbers count from the end; the end is inclusive. */
function absoluteRange(
  { from, to }: NonNullable<CarFormat['entityBytes']>,
  bytes: number,
): { offset: number; length: number } {
  const offset = Math.max(0, from < 0 ? bytes + from : from)
  const last = to === undefined ? bytes - 1 : to < 0 ? bytes + to : to
  return { offset, length: Math.max(0, last - offset + 1) }
}

async function sendFile(request: Request, response: Response, target: Target, blocks: PieceBlocks): Promise<void> {
  const { cid, names } = target
  const bytes = await fileLength(cid, blocks)
  const name = queryText(request, 'filename') ?? names.at(-1)
  response.setHeader('Content-Type', typeByName(name) ?? (await typeByContent(cid, blocks)))
  response.setHeader('ETag', `"${cid}"`)
  if (queryText(request, 'download') === 'true') response.attachment(name ?? cid.toString())
  const stopped = new AbortController()
  response.once('close', () => stopped.abort())
  await sendRange(request, response, {
    bytes,
    read: (from, to) => readFile(cid, blocks, { offset: from, length: to - from, signal: stopped.signal }),
  })
}

function typeByName(name: string | undefined): string | undefined {
  const type = name === undefined ? null : mime.getType(name)
  if (type === null) return undefined
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

/** Without a name: text when it reads as text. Never HTML: content of others must not run in this origin unasked. */
async function typeByContent(cid: CID, blocks: PieceBlocks): Promise<string> {
  for await (const bytes of readFile(cid, blocks, { length: SNIFF_BYTES }))
    return isText(bytes) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
  return 'application/octet-stream'
}

function isText(bytes: Uint8Array): boolean {
  try {
    // A character may be cut at the end of what was read.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b)
  } catch {
    return false
  }
}
