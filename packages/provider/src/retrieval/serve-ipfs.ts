/**
 * GET|HEAD /ipfs/{cid}[/path]: blocks, CARs, objects, files and directories, only of what is stored here.
 * https://specs.ipfs.tech/http-gateways/trustless-gateway/ and path-gateway/
 */
import { createHash } from 'node:crypto'
import { GranaryError } from '@granary/base'
import { NotAFileError, type ObjectCodec, objectCodec, parseCid } from '@granary/content'
import contentDisposition from 'content-disposition'
import type { Request, RequestHandler, Response } from 'express'
import mime from 'mime'
import { ContentDeniedError } from '../denylist/content-denied-error.ts'
import { type Denylist, denialOf } from '../denylist/denylist.ts'
import { holdPlace } from '../http/hold-place.ts'
import { whenOver } from '../http/when-over.ts'
import type { DagPath, DagTarget } from './dag-reader.ts'
import type { LendingDagReader } from './dag-thread.ts'
import { RequestInvalidError } from './http-error.ts'
import { directoryPage, objectPage, pagesVersion } from './pages.ts'
import { isAnswered, isKnown, sendRange, sendStream } from './send-bytes.ts'
import {
  type CarFormat,
  FormatUnsupportedError,
  mediaTypeOfObject,
  queryText,
  type WantedFormat,
  wantedFormat,
} from './wanted-format.ts'

export interface ServeIpfsOptions {
  /** The path of this provider's address, before /ipfs. */
  readonly base: string
  /** As they are now. */
  readonly denylists: () => readonly Denylist[]
}

export function serveIpfs(dags: LendingDagReader, { base, denylists }: ServeIpfsOptions): RequestHandler {
  return async (request, response) => {
    refuseServiceWorkers(request)
    const signal = signalOf(request, response)
    try {
      await holdPlace(response, serve(request, response, { dags, base, denylists, signal }))
    } catch (error) {
      // The client has gone, and with it whoever could be told.
      if (!signal.aborted) throw whatIsMissing(request, error)
    }
  }
}

interface Reading extends ServeIpfsOptions {
  readonly dags: LendingDagReader
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

interface Asked extends Reading {
  readonly path: DagPath
  readonly target: DagTarget
}

const IMMUTABLE = 'public, max-age=29030400, immutable'
/** Pages are made by this program, and may look different in its next version. */
const PAGE_CACHED = 'public, max-age=604800, stale-while-revalidate=2678400'

async function serve(request: Request, response: Response, reading: Reading): Promise<void> {
  const format = wantedFormat(request)
  const path = pathOf(request)
  requireAllowed(path, reading.denylists())
  response.setHeader('Cache-Control', IMMUTABLE)
  if (path.names.length === 0) {
    response.setHeader('ETag', tagOf(format, path, parseCid(path.root).toString()))
    // What a client has of a CID it has for ever: nothing need be read to say so.
    if (isKnown(request, response)) return void response.status(304).end()
  }
  const target = await targetOf(path, format, reading)
  const { cid } = target
  const asked = { ...reading, path, target }
  response.setHeader('ETag', tagOf(format, path, cid))
  const slash = request.path.endsWith('/') ? '/' : ''
  response.setHeader('X-Ipfs-Path', encodeURI(`/ipfs/${[path.root, ...path.names].join('/')}${slash}`))
  response.setHeader('X-Ipfs-Roots', [...target.onTheWay, cid].join(','))
  response.setHeader('Vary', 'Accept')
  const codec = objectCodec(parseCid(cid))
  switch (format.kind) {
    case 'raw':
      return sendRaw(request, response, asked)
    case 'car':
      return sendCar(request, response, format, asked)
    case 'object':
      // A file of JSON is a file: only blocks whose codec says so are objects.
      if (codec === undefined && !format.type.startsWith('dag-')) return sendEntity(request, response, asked)
      if (codec !== format.type && codec !== `dag-${format.type}`) throw new FormatUnsupportedError(format.type)
      return sendObject(request, response, format.type, asked)
    case 'entity':
      if (codec === undefined) return sendEntity(request, response, asked)
      if (format.isPage && codec.startsWith('dag-')) return sendObjectPage(request, response, asked)
      return sendObject(request, response, codec, asked)
    default:
      throw new RangeError(`${format satisfies never} is not a format`)
  }
}

/** By its path: each block on it is held against the rules too where it is read. */
function requireAllowed({ root, names }: DagPath, denylists: readonly Denylist[]): void {
  const denial = denialOf(denylists, parseCid(root), names)
  if (denial !== undefined) throw new ContentDeniedError(`/ipfs/${[root, ...names].join('/')}`, denial)
}

/** Of what is served under this CID in this format; pages have tags of their own. */
function tagOf(format: WantedFormat, path: DagPath, cid: string): string {
  switch (format.kind) {
    case 'raw':
      return `"${cid}.raw"`
    case 'car': {
      const what = [path.root, ...path.names, format.scope, JSON.stringify(format.entityBytes), format.dups]
      return `W/"${cid}.car.${createHash('sha256').update(what.join('\n')).digest('hex').slice(0, 16)}"`
    }
    case 'object':
    case 'entity': {
      const codec = objectCodec(parseCid(cid))
      if (codec === undefined) return `"${cid}"`
      return `"${cid}.${format.kind === 'object' ? format.type : codec}"`
    }
    default:
      throw new RangeError(`${format satisfies never} is not a format`)
  }
}

/** A script of somebody else's content would see every later request to this provider. */
function refuseServiceWorkers(request: Request): void {
  if (request.get('service-worker') === undefined) return
  throw new RequestInvalidError('content of others is no service worker here', 'host the script yourself')
}

function pathOf(request: Request): DagPath {
  const path: unknown = request.params.path
  const names = (Array.isArray(path) ? path.map(String) : []).filter((name) => name !== '')
  return { root: String(request.params.cid), names }
}

async function targetOf(path: DagPath, format: WantedFormat, { dags, signal }: Reading): Promise<DagTarget> {
  // A bare CID leads to itself. That it is here is found out by what reads it, before the answer begins; of a CAR HEAD reads nothing.
  if (path.names.length === 0 && format.kind !== 'car') return { cid: parseCid(path.root).toString(), onTheWay: [] }
  return await dags.target(path, { signal })
}

/** To who asked for what is here alone. */
function whatIsMissing(request: Request, error: unknown): unknown {
  if (!GranaryError.is(error) || error.code !== 'BLOCK_MISSING') return error
  if (!/\bonly-if-cached\b/.test(request.get('cache-control') ?? '')) return error
  return new GranaryError({ ...error.toJSON(), code: 'NOT_CACHED', cause: error })
}

async function sendRaw(request: Request, response: Response, { target, dags, signal }: Asked): Promise<void> {
  const { cid } = target
  response.setHeader('Content-Type', 'application/vnd.ipld.raw')
  response.setHeader('Content-Disposition', disposition(request, 'attachment', `${cid}.bin`))
  const bytes = await dags.block(cid, { signal })
  try {
    await sendBytes(request, response, bytes)
  } finally {
    dags.giveBack(bytes)
  }
}

async function sendObject(request: Request, response: Response, type: ObjectCodec, asked: Asked): Promise<void> {
  const { dags, signal, target } = asked
  const { cid } = target
  const isText = type.endsWith('json')
  response.setHeader('Content-Type', mediaTypeOfObject(type))
  const name = `${cid}.${isText ? 'json' : 'cbor'}`
  response.setHeader('Content-Disposition', disposition(request, isText ? 'inline' : 'attachment', name))
  await sendBytes(request, response, await dags.block(cid, { signal }))
}

async function sendObjectPage(request: Request, response: Response, asked: Asked): Promise<void> {
  const { path, target, dags, base, signal } = asked
  await sendPage(request, response, `DagIndex-${pagesVersion}_CID-${target.cid}`, async () =>
    objectPage({ ...path, base }, await dags.objectText(target.cid, { signal })),
  )
}

async function sendCar(
  request: Request,
  response: Response,
  format: CarFormat,
  { path, target, dags, signal }: Asked,
): Promise<void> {
  response.setHeader('Content-Type', `application/vnd.ipld.car; version=1; order=dfs; dups=${format.dups ? 'y' : 'n'}`)
  response.setHeader('Content-Disposition', disposition(request, 'attachment', `${target.cid}.car`))
  response.setHeader('Accept-Ranges', 'none')
  if (isAnswered(request, response)) return
  await sendStream(request, response, dags.car(path, format, { signal }))
}

async function sendEntity(request: Request, response: Response, asked: Asked): Promise<void> {
  const { path, target, dags, base, signal } = asked
  const { cid } = target
  const type = typeByName(queryText(request, 'filename') ?? path.names.at(-1))
  const entity = await dags.entity(cid, type === undefined, { signal })
  switch (entity.kind) {
    case 'file': {
      response.setHeader('Content-Type', type ?? String(entity.mediaType))
      return await sendFile(request, response, cid, entity.bytes, asked)
    }
    case 'symlink':
      response.setHeader('Content-Type', 'inode/symlink')
      return await sendBytes(request, response, Buffer.from(entity.target))
    case 'directory':
      // What a page in it names is named from here.
      if (!request.path.endsWith('/')) return response.redirect(301, `${base}${withSlash(request)}`)
      if (entity.index === undefined)
        return await sendPage(request, response, `DirIndex-${pagesVersion}_CID-${cid}`, async () =>
          directoryPage({ ...path, base }, await dags.list(cid, { signal })),
        )
      return await sendIndex(request, response, entity.index, asked)
    default:
      throw new RangeError(`${entity satisfies never} is not an entity`)
  }
}

/** The page that a directory brings for itself, under the directory's own name. */
async function sendIndex(request: Request, response: Response, index: string, asked: Asked): Promise<void> {
  const entity = await asked.dags.entity(index, false, { signal: asked.signal })
  if (entity.kind !== 'file') throw new NotAFileError(parseCid(index), entity.kind)
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  await sendFile(request, response, index, entity.bytes, asked)
}

async function sendFile(
  request: Request,
  response: Response,
  cid: string,
  bytes: number,
  { path, dags, signal }: Asked,
): Promise<void> {
  const isWanted = queryText(request, 'download') === 'true' || queryText(request, 'filename') !== undefined
  if (isWanted) response.setHeader('Content-Disposition', disposition(request, 'inline', path.names.at(-1) ?? cid))
  await sendRange(request, response, { bytes, read: (from, to) => dags.fileBytes(cid, from, to, { signal }) })
}

async function sendPage(request: Request, response: Response, tag: string, page: () => Promise<string>): Promise<void> {
  response.setHeader('Cache-Control', PAGE_CACHED)
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.setHeader('ETag', `"${tag}"`)
  if (isAnswered(request, response)) return
  await sendBytes(request, response, Buffer.from(await page()))
}

async function sendBytes(request: Request, response: Response, bytes: Uint8Array): Promise<void> {
  await sendRange(request, response, {
    bytes: bytes.length,
    async *read(from, to) {
      if (to > from) yield bytes.subarray(from, to)
    },
  })
}

/** @param name where the request says none */
function disposition(request: Request, type: 'inline' | 'attachment', name: string): string {
  const isDownload = queryText(request, 'download') === 'true'
  return contentDisposition(queryText(request, 'filename') ?? name, { type: isDownload ? 'attachment' : type })
}

function withSlash({ path, originalUrl }: Request): string {
  const at = originalUrl.indexOf('?')
  return `${path}/${at === -1 ? '' : originalUrl.slice(at)}`
}

/** Aborts when the client has gone. */
function signalOf(request: Request, response: Response): AbortSignal {
  const gone = new AbortController()
  whenOver(request, response, () => {
    // Of an answer that is out there is nothing to stop, and the error of an abort costs a tenth of a millisecond to make.
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

function typeByName(name: string | undefined): string | undefined {
  const type = name === undefined ? null : mime.getType(name)
  if (type === null) return undefined
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}
