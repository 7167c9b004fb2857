/** What bytes without a name are, by how they begin. */
import { fileTypeFromBuffer } from 'file-type'

/** By these the library knows all that it knows. */
export const headBytes = 4_100

/** Never HTML: content of others must not run in a browser unasked. */
export async function mediaTypeOf(head: Uint8Array): Promise<string> {
  const known = await fileTypeFromBuffer(head)
  if (known !== undefined) return known.mime
  const text = textOf(head)
  if (text === undefined || text === '') return 'application/octet-stream'
  return isJson(text, head.length < headBytes) ? 'application/json' : 'text/plain; charset=utf-8'
}

/** Undefined for what is no text. A character may be cut at the end of what was read. */
function textOf(bytes: Uint8Array): string | undefined {
  const isBinary = bytes.some((byte) => byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b)
  if (isBinary) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

/** Of what is longer than its head, whether it begins like a map or a list of maps, lists or texts. */
function isJson(text: string, isWhole: boolean): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  if (!isWhole) return /^\s*(\{\s*"|\[\s*["[{])/.test(text)
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
