/** One request over HTTP, by the plainest client that Node has: what is measured is who answers. */
import { once } from 'node:events'
import { type Agent, get, type IncomingMessage } from 'node:http'

export interface FetchedOptions {
  readonly agent: Agent
  readonly headers?: Readonly<Record<string, string>>
  /** @default 200 */
  readonly status?: number
}

export interface Fetched {
  readonly bytes: number
  /** To the first byte of the body, or to the end where there is none. */
  readonly firstMs: number
  readonly ms: number
  readonly etag: string
}

/** @throws what the line says; RangeError for another status */
export async function fetched(url: string, { agent, headers = {}, status = 200 }: FetchedOptions): Promise<Fetched> {
  const startMs = performance.now()
  const request = get(url, { agent, headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let bytes = 0
  let firstMs: number | undefined
  for await (const part of response as AsyncIterable<Uint8Array>) {
    firstMs ??= performance.now() - startMs
    bytes += part.length
  }
  const ms = performance.now() - startMs
  if (response.statusCode !== status) throw new RangeError(`${url} was answered with ${response.statusCode}`)
  return { bytes, firstMs: firstMs ?? ms, ms, etag: response.headers.etag ?? '' }
}
