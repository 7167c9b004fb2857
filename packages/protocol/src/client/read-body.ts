import { chunksOf } from './chunks-of.ts'

/** An answer's body as text, up to a bound: whoever answers without end must not fill the memory of who asked. */
const BODY_BYTES_MAX = 8 << 20

/** @throws RangeError when the body is longer; the connection is closed then */
export async function readBody(response: Response, bytesMax: number = BODY_BYTES_MAX): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const parts: string[] = []
  let bytes = 0
  for await (const chunk of chunksOf(response.body)) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`)
    parts.push(decoder.decode(chunk, { stream: true }))
  }
  return parts.join('') + decoder.decode()
}
