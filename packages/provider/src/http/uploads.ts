/**
 * Resumable uploads: tus 1.0 (https://tus.io/protocols/resumable-upload) by @tus/server over the volumes. What
 * is ours stands before it: who may create one, of which size, and that nobody touches the upload of another.
 */
import { GranaryError } from '@granary/base'
import { statusOf } from '@granary/base/http'
import { UPLOADS_PATH } from '@granary/protocol/market'
import type { Address } from '@granary/protocol/messages'
import { Metadata, Server } from '@tus/server'
import { type Response as Answer, type Request as Asked, type RequestHandler, Router } from 'express'
import type { PieceFiles } from '../deals/piece-files.ts'
import type { Tokens } from '../market/tokens.ts'
import type { UploadChecks } from '../uploads/upload-checks.ts'
import { UploadMetadataError, UploadNotFoundError } from '../uploads/upload-errors.ts'
import type { UploadGate } from '../uploads/upload-gate.ts'
import type { UploadRow, UploadStore } from '../uploads/upload-store.ts'
import { CheckedFileStore, checksumAlgorithms, parseChecksum, type TakeRoom } from './checked-file-store.ts'
import { publicError } from './error-handler.ts'
import { answerTus, refusalOf, tusRequest } from './tus-request.ts'

const LOCK_DRAIN_MS = 500

export interface UploadRoutesContext {
  readonly tokens: Tokens
  readonly uploads: UploadStore
  readonly files: PieceFiles
  readonly gate: UploadGate
  readonly checks: Pick<UploadChecks, 'written'>
  readonly expiryMs: number
  readonly takeRoom: TakeRoom
  /** Before bytes of it are taken. @throws ClientFundsError */
  readonly requireFunds: (client: Address) => Promise<void>
  readonly open: (request: {
    client: Address
    sizeBytes: number
    metadata: Record<string, string | null>
  }) => Promise<UploadRow>
}

export function uploadRoutes(context: UploadRoutesContext): Router {
  // Which upload a creating request has been given: tus asks for its name with the same request in hand.
  const opened = new WeakMap<Request, UploadRow>()
  const datastore = new CheckedFileStore(context)
  const tus = createTus(datastore, opened)
  async function answer(asked: Asked, response: Answer, upload?: UploadRow): Promise<void> {
    const checksum = parseChecksum(asked.get('upload-checksum'))
    const { request, onWritten } = tusRequest(asked)
    if (upload !== undefined) opened.set(request, upload)
    const arriving = { body: asked, checksum, onWritten }
    await answerTus(response, await datastore.receiving(arriving, () => tus.handleWeb(request)))
  }
  const router = Router()
  router.options([UPLOADS_PATH, `${UPLOADS_PATH}/:id`], async (request, response) => {
    response.setHeader('Tus-Checksum-Algorithm', checksumAlgorithms.join(','))
    await answer(request, response)
  })
  router.post(UPLOADS_PATH, async (request, response) => {
    const client = context.tokens.clientOf(request.get('authorization'))
    parseChecksum(request.get('upload-checksum'))
    const upload = await context.open({ client, ...creationOf(request) })
    await answer(request, response, upload)
    if (response.statusCode !== 201) await context.files.removeUpload(upload.uploadId)
  })
  router.all(`${UPLOADS_PATH}/:id`, ownedUpload(context), async (request, response) => {
    if (request.method !== 'HEAD') context.gate.check(String(request.params.id))
    if (request.method === 'PATCH') await context.requireFunds(context.tokens.clientOf(request.get('authorization')))
    await answer(request, response)
  })
  return router
}

function ownedUpload({ tokens, uploads }: UploadRoutesContext): RequestHandler {
  return (request, _, next) => {
    const client = tokens.clientOf(request.get('authorization'))
    const uploadId = String(request.params.id)
    // tus reads the name out of the whole address, query included: only a plain one means the same to both.
    if (request.originalUrl !== `${UPLOADS_PATH}/${uploadId}`) throw new UploadNotFoundError(uploadId)
    if (uploads.find(uploadId)?.client !== client) throw new UploadNotFoundError(uploadId)
    // GET would hand out a staged file; tus itself does not ask for it.
    if (!['HEAD', 'PATCH', 'DELETE'].includes(request.method)) throw new UploadNotFoundError(uploadId)
    next()
  }
}

function creationOf(request: Asked): { sizeBytes: number; metadata: Record<string, string | null> } {
  const length = request.get('upload-length') ?? ''
  if (!/^\d{1,15}$/.test(length)) throw new UploadMetadataError('Upload-Length has to say the size in bytes')
  return { sizeBytes: Number(length), metadata: metadataOf(request.get('upload-metadata')) }
}

function metadataOf(header: string | undefined): Record<string, string | null> {
  try {
    return Metadata.parse(header)
  } catch {
    throw new UploadMetadataError('Upload-Metadata cannot be read')
  }
}

function createTus(datastore: CheckedFileStore, opened: WeakMap<Request, UploadRow>): Server {
  return new Server({
    path: UPLOADS_PATH,
    // Relative to the request, which a proxy may have been sent under a path of its own.
    generateUrl: (_request, { id }) => `uploads/${id}`,
    // A client that comes back after its line broke need not wait long for its own dead request.
    lockDrainTimeout: LOCK_DRAIN_MS,
    datastore,
    namingFunction: (request) => {
      const upload = opened.get(request)
      if (upload === undefined) throw new Error('an upload is created only by the route that has opened it')
      return upload.uploadId
    },
    onResponseError: (_, error) => toTusError(error),
  })
}

function toTusError(error: Error | { status_code: number; body: string }): { status_code: number; body: string } {
  if (GranaryError.is(error))
    return { status_code: statusOf(error), body: JSON.stringify({ error: publicError(error.toJSON()) }) }
  const known = 'status_code' in error ? error : undefined
  const status = known?.status_code ?? 500
  const wire = refusalOf(status, known?.body ?? 'the upload could not be written')
  return { status_code: status, body: JSON.stringify({ error: wire }) }
}
