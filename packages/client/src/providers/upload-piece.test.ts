import { mkdtemp, rm } from 'node:fs/promises'
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { systemClock } from '@granary/base'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import { handClock } from '../../test/hand-clock.ts'
import { serve } from '../../test/serve.ts'
import { streamedFetch } from '../node/streamed-fetch.ts'
import type { Clock, PieceSource } from '../ports.ts'
import { blobSource, uploadPiece } from './upload-piece.ts'

const MIB = 1 << 20
const metadata = { pieceSize: 16 * MIB, quoteId: 'q' }
const token = async () => 'token'
const bytes = Uint8Array.from({ length: 9 * MIB + 5 }, (_, index) => (index * 31) % 251)

let folder: string
let store: FileStore
let received: number
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-upload-'))
  store = new FileStore({ directory: folder })
  received = 0
})
afterEach(() => rm(folder, { recursive: true }))

type Refusal = { readonly status: number; readonly error: object } | undefined

function serveUploads(refuse: (request: IncomingMessage, response: ServerResponse) => Refusal = () => undefined) {
  const tus = new Server({ path: '/v1/uploads', datastore: store, relativeLocation: true })
  return serve((request, response) => {
    expect(request.headers.authorization).toBe('Bearer token')
    const refusal = refuse(request, response)
    if (response.destroyed) return
    if (refusal) {
      response.writeHead(refusal.status).end(JSON.stringify({ error: refusal.error }))
      return
    }
    if (request.method === 'PATCH') received += Number(request.headers['content-length'])
    void tus.handle(request, response)
  })
}

async function isStored(uploadUrl: string): Promise<boolean> {
  const chunks: Uint8Array[] = []
  const id = new URL(uploadUrl).pathname.split('/').at(-1) ?? ''
  for await (const chunk of store.read(id)) chunks.push(chunk)
  return Buffer.concat(chunks).equals(bytes)
}

/** As a page sends, and as Node does. */
const fetches = [
  ['read before', undefined],
  ['read meanwhile', streamedFetch],
] as const

test.each(fetches)('all bytes arrive, %s, with their metadata, and progress ends at the last', async (_, fetch) => {
  await using provider = await serveUploads()
  const urls: string[] = []
  let last = 0
  const source = blobSource(new Blob([bytes]))
  const url = await uploadPiece(
    { endpoint: provider.url, source, metadata, token, fetch },
    {
      onUploadUrl: async (uploadUrl) => void urls.push(uploadUrl),
      onProgress: ({ sent, total }) => {
        expect(total).toBe(bytes.length)
        last = sent
      },
    },
  )
  expect(urls).toEqual([url])
  expect(last).toBe(bytes.length)
  expect(await isStored(url)).toBe(true)
  const upload = await store.getUpload(new URL(url).pathname.split('/').at(-1) ?? '')
  expect(upload.metadata).toEqual({ pieceSize: `${16 * MIB}`, quoteId: 'q' })
})

test('an upload whose source fails while it is sent goes on where the provider stands', async () => {
  await using provider = await serveUploads()
  const whole = blobSource(new Blob([bytes]))
  const failing = async (start: number, end: number) => {
    if (end === bytes.length) throw new Error('the file is gone')
    return await whole.read(start, end)
  }
  let uploadUrl = ''
  const onUploadUrl = async (url: string) => {
    uploadUrl = url
  }
  const cut = { endpoint: provider.url, source: { size: whole.size, read: failing }, metadata, token }
  await expect(uploadPiece({ ...cut, fetch: streamedFetch }, { onUploadUrl })).rejects.toThrow('the file is gone')
  const url = await uploadPiece({ ...cut, source: whole, fetch: streamedFetch, uploadUrl })
  expect(url).toBe(uploadUrl)
  expect(await isStored(url)).toBe(true)
})

test('an upload that was cut off goes on where the provider stands', async () => {
  await using provider = await serveUploads()
  const whole = blobSource(new Blob([bytes]))
  const cut: PieceSource = {
    size: whole.size,
    async read(start, end) {
      if (start >= 8 * MIB) throw new Error('the client dies here')
      return whole.read(start, end)
    },
  }
  let uploadUrl = ''
  const onUploadUrl = async (url: string) => {
    uploadUrl = url
  }
  await expect(uploadPiece({ endpoint: provider.url, source: cut, metadata, token }, { onUploadUrl })).rejects.toThrow(
    'the client dies here',
  )
  expect(received).toBe(8 * MIB)
  const url = await uploadPiece({ endpoint: provider.url, source: whole, metadata, token, uploadUrl })
  expect(url).toBe(uploadUrl)
  expect(received).toBe(bytes.length)
  expect(await isStored(url)).toBe(true)
  await uploadPiece({ endpoint: provider.url, source: whole, metadata, token, uploadUrl })
  expect(received).toBe(bytes.length)
})

test('an upload that the provider has forgotten starts anew', async () => {
  await using provider = await serveUploads()
  const source = blobSource(new Blob([bytes]))
  const uploadUrl = `${provider.url}/v1/uploads/0123456789abcdef`
  const url = await uploadPiece({ endpoint: provider.url, source, metadata, token, uploadUrl })
  expect(url).not.toBe(uploadUrl)
  expect(await isStored(url)).toBe(true)
})

test('an upload of another size under the same address is not gone on with', async () => {
  await using provider = await serveUploads()
  const other = blobSource(new Blob([bytes.slice(0, 1_000)]))
  const uploadUrl = await uploadPiece({ endpoint: provider.url, source: other, metadata, token })
  const source = blobSource(new Blob([bytes]))
  const url = await uploadPiece({ endpoint: provider.url, source, metadata, token, uploadUrl })
  expect(url).not.toBe(uploadUrl)
  expect(await isStored(url)).toBe(true)
})

test.each(fetches)(
  'a provider that is cut off or busy for a moment gets the rest, %s, each byte once',
  async (_, fetch) => {
    let patches = 0
    await using provider = await serveUploads((request, response) => {
      if (request.method !== 'PATCH') return undefined
      patches += 1
      if (patches === 2) response.destroy()
      if (patches === 4)
        return { status: 423, error: { code: 'UPLOAD_BUSY', message: 'busy', hint: '', retryable: true } }
      return undefined
    })
    const urls: string[] = []
    const sent: number[] = []
    const url = await uploadPiece(
      { endpoint: provider.url, source: blobSource(new Blob([bytes])), metadata, token, fetch },
      {
        onUploadUrl: async (uploadUrl) => void urls.push(uploadUrl),
        onProgress: (progress) => void sent.push(progress.sent),
      },
    )
    expect(urls).toEqual([url])
    expect(sent).toEqual(sent.toSorted((a, b) => a - b))
    expect(received).toBe(bytes.length)
    expect(await isStored(url)).toBe(true)
  },
)

test('metadata of any letters arrive as they were', async () => {
  await using provider = await serveUploads()
  const source = blobSource(new Blob([bytes.slice(0, 10)]))
  const url = await uploadPiece({ endpoint: provider.url, source, metadata: { ...metadata, quoteId: 'ü–𝄞' }, token })
  const upload = await store.getUpload(new URL(url).pathname.split('/').at(-1) ?? '')
  expect(upload.metadata).toMatchObject({ quoteId: 'ü–𝄞' })
})

test("the provider's refusal keeps its code", async () => {
  const error = { code: 'UPLOAD_TOO_LARGE', message: 'too large', hint: 'send less', retryable: false }
  await using provider = await serveUploads(() => ({ status: 413, error }))
  const source = blobSource(new Blob([bytes]))
  await expect(uploadPiece({ endpoint: provider.url, source, metadata, token })).rejects.toMatchObject(error)
})

test.each(fetches)('a refusal in the middle keeps its code, %s, though most of it is not taken', async (_, fetch) => {
  const error = { code: 'CLIENT_FUNDS_INSUFFICIENT', message: 'too poor', hint: 'get money', retryable: false }
  await using provider = await serveUploads(({ method, headers }) =>
    method === 'PATCH' && Number(headers['content-length']) > MIB ? { status: 402, error } : undefined,
  )
  const source = blobSource(new Blob([bytes]))
  await expect(uploadPiece({ endpoint: provider.url, source, metadata, token, fetch })).rejects.toMatchObject(error)
})

test('a provider that takes nothing of what it is sent is given up', async () => {
  await using provider = await serve((request, response) => {
    request.resume().on('end', () => {
      const created = request.method === 'POST'
      const headers = created ? { location: '/v1/uploads/1' } : { 'upload-offset': '0' }
      response.writeHead(created ? 201 : 204, { ...headers, 'tus-resumable': '1.0.0' }).end()
    })
  })
  const uploading = uploadPiece({ endpoint: provider.url, source: blobSource(new Blob([bytes])), metadata, token })
  await expect(uploading).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_INVALID' })
})

/** A provider of its own mind: it says how much it has after a PATCH, and when it is asked. */
async function uploadTo(patched: (offset: number, length: number) => number, had: () => number): Promise<number> {
  let patches = 0
  await using provider = await serve((request, response) => {
    const { method, headers } = request
    request.resume().on('end', () => {
      if (method === 'POST') return response.writeHead(201, { location: '/v1/uploads/1' }).end()
      if (method === 'HEAD')
        return response.writeHead(200, { 'upload-length': bytes.length, 'upload-offset': had() }).end()
      patches += 1
      const offset = patched(Number(headers['upload-offset']), Number(headers['content-length']))
      return response.writeHead(offset < 0 ? 503 : 204, { 'upload-offset': offset }).end()
    })
  })
  // The waits between tries pass in moments.
  const clock = { ...systemClock, sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal) }
  const source = blobSource(new Blob([bytes]))
  const uploading = uploadPiece({ endpoint: provider.url, source, metadata, token, clock })
  await expect(uploading).rejects.toMatchObject({ code: 'PROVIDER_ANSWER_INVALID' })
  return patches
}

test('a provider that has more than there is has no place to go on from', async () => {
  const patches = await uploadTo(
    () => -1,
    () => bytes.length + 1,
  )
  expect(patches).toBe(1)
})

test('a provider that takes a byte of each request is given up at the first', async () => {
  const patches = await uploadTo(
    (offset) => offset + 1,
    () => 0,
  )
  expect(patches).toBe(1)
})

test.each<[string, number]>([
  ['all of it', 0],
  ['a little', 1],
])('a provider that loses again and again what it has taken, %s, is given up', async (_, kept) => {
  let calls = 0
  let most = 0
  const patches = await uploadTo(
    (offset, length) => {
      calls += 1
      if (calls % 2 === 0) return -1
      most = Math.max(most, offset + length)
      return offset + length
    },
    () => kept * Math.max(0, most - 1),
  )
  expect(patches).toBeLessThan(20)
})

test('a provider that takes the bytes and never answers is given up', async () => {
  await using provider = await serve((request, response) => {
    if (request.method === 'POST') {
      response.writeHead(201, { location: '/v1/uploads/1', 'tus-resumable': '1.0.0' }).end()
    } else request.resume()
  })
  const source = blobSource(new Blob([bytes]))
  const uploading = uploadPiece({ endpoint: provider.url, source, metadata, token }, { stallMaxMs: 300 })
  await expect(uploading).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE', retryable: true })
})

test('a long chunk that stalls is asked about, and the rest is sent in short ones', async () => {
  let stalls = 0
  let kept = 0
  await using provider = await serve(async (request, response) => {
    const { method, headers } = request
    const offset = { 'upload-offset': kept, 'upload-length': large.size, 'tus-resumable': '1.0.0' }
    if (method === 'POST') return response.writeHead(201, { ...offset, location: '/v1/uploads/1' }).end()
    if (method === 'HEAD') return response.writeHead(200, offset).end()
    const length = Number(headers['content-length'])
    if (length > 4 * MIB && stalls++ === 0) {
      kept += 1
      request.resume()
      return undefined
    }
    kept += length
    await finished(request.resume())
    return response.writeHead(204, { ...offset, 'upload-offset': kept }).end()
  })
  const large: PieceSource = { size: 20 * MIB, read: async (start, end) => new Uint8Array(end - start) }
  const input = { endpoint: provider.url, source: large, metadata, token, fetch: streamedFetch }
  await uploadPiece(input, { stallMaxMs: 2_000 })
  expect([stalls > 0, kept]).toEqual([true, large.size])
})

/** Requests time out when a test says so; the waits between tries pass in moments. */
function timeouts(): { readonly clock: Clock; pass(): void } {
  const clock = handClock()
  const sleep = (_ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(1, signal)
  return { clock: { ...clock, sleep }, pass: () => clock.advance(60_000) }
}

test('an upload whose line falls silent goes on where the provider stands, and that is told', async () => {
  const { clock, pass } = timeouts()
  let patches = 0
  await using provider = await serveUploads((request) => {
    if (request.method === 'PATCH') patches += 1
    return undefined
  })
  await using silent = await serve((request, response) => {
    // The third chunk arrives, and nobody says so.
    if (request.method === 'PATCH' && patches === 2) {
      patches += 1
      request.resume().on('end', pass)
      return
    }
    const headers = { ...request.headers, host: new URL(provider.url).host }
    const passedOn = forward(provider.url + request.url, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    request.pipe(passedOn)
  })
  const told: string[] = []
  const source = blobSource(new Blob([bytes]))
  const url = await uploadPiece(
    { endpoint: silent.url, source, metadata, token, clock },
    { onSilent: ({ code, message }) => void told.push(code, message) },
  )
  expect(told).toEqual(['PROVIDER_UNREACHABLE', expect.stringContaining('no answer in time')])
  expect(received).toBe(bytes.length)
  expect(await isStored(url)).toBe(true)
})

/** A provider that answers no PATCH, keeps so many bytes of each, and says how much it has unless it says nothing at all. */
async function uploadInto(keptOf: (length: number) => number, isDead = false): Promise<string[]> {
  const { clock, pass } = timeouts()
  const small = bytes.subarray(0, MIB)
  const asked: string[] = []
  let had = 0
  await using provider = await serve((request, response) => {
    const { method = '', headers } = request
    asked.push(method)
    request.resume().on('end', () => {
      if (method === 'POST') return response.writeHead(201, { location: '/v1/uploads/1' }).end()
      if (method === 'PATCH') had += keptOf(Number(headers['content-length']))
      if (method === 'PATCH' || isDead) return pass()
      return response.writeHead(200, { 'upload-length': small.length, 'upload-offset': had }).end()
    })
  })
  const source = blobSource(new Blob([small]))
  const uploading = uploadPiece({ endpoint: provider.url, source, metadata, token, clock })
  const end = await uploading.then(
    () => 'done',
    ({ code }: { code: string }) => code,
  )
  return [end, ...asked]
}

test('what arrived of chunks that were not answered is not sent again', async () => {
  const all = await uploadInto((length) => length)
  expect(all[0]).toBe('done')
  expect(all.filter((method) => method === 'PATCH')).toHaveLength(4)
})

test.each<[string, number, boolean, string[]]>([
  ['nothing', 0, false, ['POST', 'PATCH', 'HEAD', 'PATCH']],
  ['a few bytes', 100, false, ['POST', 'PATCH', 'HEAD', 'PATCH']],
  ['nothing, and answers nothing else', 0, true, ['POST', 'PATCH', 'HEAD']],
])('one that takes %s of a chunk is given up when it is silent again', async (_, kept, isDead, asked) => {
  expect(await uploadInto(() => kept, isDead)).toEqual(['PROVIDER_UNREACHABLE', ...asked])
})

test('the signal ends an upload', async () => {
  await using provider = await serveUploads()
  const controller = new AbortController()
  const uploading = uploadPiece(
    { endpoint: provider.url, source: blobSource(new Blob([bytes])), metadata, token },
    { signal: controller.signal, onProgress: () => controller.abort() },
  )
  await expect(uploading).rejects.toMatchObject({ name: 'AbortError' })
  expect(received).toBeLessThan(bytes.length)
})
