/**
 * GET|HEAD /ipfs/{cid}[/path]: blocks, CARs and files, only of what is stored here.
 * https://specs.ipfs.tech/http-gateways/trustless-gateway/ and path-gateway/
 */
import { createHash } from 'node:crypto'
import { GranaryError } from '@granary/base'
import type { Request, RequestHandler, Response } from 'express'
import mime from 'mime'
import { holdPlace } from '../http/hold-place.ts'
import { whenOver } from '../http/when-over.ts'
import type { DagPath, DagReader, DagTarget } from './dag-reader.ts'
import { RequestInvalidError } from './http-error.ts'
import { isKnown, sendRange, sendStream } from './send-bytes.ts'
import { type CarFormat, queryText, wantedFormat } from './wanted-format.ts'

export function serveIpfs(dags: DagReader): RequestHandler {
  return async (request, response) => {
    refuseServiceWorkers(request)
    const signal = signalOf(request, response)
    try {
      await holdPlace(response, serve(request, response, { dags, signal }))
    } catch (error) {
      // The client has gone, and with it whoever could be told.
      if (!signal.aborted) throw error
    }
  }
}

interface Reading {
  readonly dags: DagReader
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

async function serve(request: Request, response: Response, reading: Reading): Promise<void> {
  const format = wantedFormat(request)
  const path = pathOf(request)
  const target = await findTarget(request, path, reading)
  const { cid } = target
  response.setHeader('Cache-Control', 'public, max-age=29030400, immutable')
  response.setHeader('X-Ipfs-Path', encodeURI(`/ipfs/${[path.root, ...path.names].join('/')}`))
  response.setHeader('X-Ipfs-Roots', [...target.onTheWay, cid].join(','))
  response.setHeader('Vary', 'Accept')
  switch (format.kind) {
    case 'raw':
      return sendRaw(request, response, cid, reading)
    case 'car':
      return sendCar(request, response, { path, target, format }, reading)
    case 'file':
      return sendFile(request, response, { path, target }, reading)
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

async function findTarget(request: Request, path: DagPath, { dags, signal }: Reading): Promise<DagTarget> {
  try {
    return await dags.target(path, { signal })
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'BLOCK_MISSING') throw error
    if (!/\bonly-if-cached\b/.test(request.get('cache-control') ?? '')) throw error
    throw new GranaryError({ ...error.toJSON(), code: 'NOT_CACHED', cause: error })
  }
}

async function sendRaw(request: Request, response: Response, cid: string, { dags, signal }: Reading): Promise<void> {
  const bytes = await dags.block(cid, { signal })
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
  { path, target, format }: { path: DagPath; target: DagTarget; format: CarFormat },
  { dags, signal }: Reading,
): Promise<void> {
  const what = [path.root, ...path.names, format.scope, JSON.stringify(format.entityBytes), format.dups]
  const tag = createHash('sha256').update(what.join('\n')).digest('hex').slice(0, 16)
  response.setHeader('Content-Type', `application/vnd.ipld.car; version=1; order=dfs; dups=${format.dups ? 'y' : 'n'}`)
  response.setHeader('Content-Disposition', `attachment; filename="${target.cid}.car"`)
  response.setHeader('Accept-Ranges', 'none')
  response.setHeader('ETag', `W/"${target.cid}.car.${tag}"`)
  if (isKnown(request, response)) {
    response.status(304).end()
    return
  }
  await sendStream(request, response, dags.car(path, format, { signal }))
}

async function sendFile(
  request: Request,
  response: Response,
  { path, target: { cid } }: { path: DagPath; target: DagTarget },
  { dags, signal }: Reading,
): Promise<void> {
  const { bytes, head } = await dags.file(cid, { signal })
  const name = queryText(request, 'filename') ?? path.names.at(-1)
  response.setHeader('Content-Type', typeByName(name) ?? typeByContent(head))
  response.setHeader('ETag', `"${cid}"`)
  if (queryText(request, 'download') === 'true') response.attachment(name ?? cid)
  await sendRange(request, response, {
    bytes,
    read: (from, to) => dags.fileBytes(cid, from, to, { signal }),
  })
}

/** Aborts when the client has gone. */
function signalOf(request: Request, response: Response): AbortSignal {
  const gone = new AbortController()
  whenOver(request, response, () => gone.abort())
  return gone.signal
}

function typeByName(name: string | undefined): string | undefined {
  const type = name === undefined ? null : mime.getType(name)
  if (type === null) return undefined
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

/** Without a name: text when it reads as text. Never HTML: content of others must not run in this origin unasked. */
function typeByContent(head: Uint8Array): string {
  return head.length > 0 && isText(head) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
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
