/** An answer's body as text, up to a bound: whoever answers without end must not fill the memory of who asked. */
const BODY_BYTES_MAX = 8 << 20

/** @throws RangeError when the body is longer; the connection is closed then */
export async function readBody(response: Response, bytesMax: number = BODY_BYTES_MAX): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const parts: string[] = []
  let bytes = 0
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return parts.join('') + decoder.decode()
      bytes += value.length
      if (bytes > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`)
      parts.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    // Closes the connection when it is left early.
    await reader.cancel().catch(() => undefined)
  }
}
