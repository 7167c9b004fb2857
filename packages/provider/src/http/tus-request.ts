/**
 * A request as @tus/server takes it, a web Request, but without its bytes: each would be copied on its way through a web stream.
 * They go to their file by themselves (write-body.ts, ADR 73), and a stream without any stands for them.
 */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { Response as Answer, Request as Asked } from 'express'

/** tus would take the method from this header, after it has been checked. */
const METHOD_OVERRIDE = 'x-http-method-override'

export interface TusRequest {
  readonly request: Request
  /** Ends the stream that stands for the bytes: tus waits for it. */
  readonly onWritten: () => void
}

export function tusRequest({ method, originalUrl, headers }: Asked): TusRequest {
  const known = Object.entries(headers).filter(([name]) => name !== METHOD_OVERRIDE)
  const init = { method, headers: known.map(([name, value]): [string, string] => [name, String(value)]) }
  // Only the path is read.
  const url = new URL(originalUrl, 'http://provider')
  if (method !== 'PATCH' && method !== 'POST') return { request: new Request(url, init), onWritten: () => undefined }
  const { readable, writable } = new TransformStream()
  const body = { body: readable, duplex: 'half' }
  return { request: new Request(url, { ...init, ...body }), onWritten: () => void writable.close() }
}

export async function answerTus(response: Answer, answer: Response): Promise<void> {
  response.status(answer.status)
  for (const [name, value] of answer.headers) response.setHeader(name, value)
  const text = await answer.text()
  // What tus refuses before it has looked at the upload it says in its own words.
  if (answer.status >= 400 && text !== '' && !text.startsWith('{'))
    response.json({ error: refusalOf(answer.status, text) })
  else response.end(text)
}

const codes: Readonly<Record<number, ErrorCode>> = {
  409: 'UPLOAD_OFFSET_CONFLICT',
  460: 'UPLOAD_CHECKSUM_MISMATCH',
  // An extension that OPTIONS does not name.
  501: 'UPLOAD_REFUSED',
}

/** @param text: why, as tus says it */
export function refusalOf(status: number, text: string): GranaryError {
  return new GranaryError({
    code: codes[status] ?? (status >= 500 ? 'INTERNAL' : 'UPLOAD_REFUSED'),
    message: text.trim(),
    hint:
      status === 501
        ? 'send the upload whole, with its length: OPTIONS says which extensions are taken'
        : 'ask for the offset with HEAD and go on from there',
  })
}
