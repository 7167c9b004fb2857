/**
 * Text as anybody may read it. Where files of this machine lie is its owner's business: of a path the last name is left; of an
 * address on the web where it is, because a node's key may stand in what follows.
 */
import { withoutPasswords } from '@granary/base'

const quotedPath = /(['"`])\/[^'"`\n]*\/([^'"`\n/]+)\1/g
/** Not what this provider serves, not a part of a relative path or of an address. */
const path =
  /(?<![\w.:/~\\-])\/(?!(?:v1|ipfs|ipns|piece|routing|healthz|readyz|openapi\.json)\b)(?:[^\s'"`,;:()/]+\/)*([^\s'"`,;:()/]+)/g
const beyondOrigin = /\b(https?:\/\/[^\s/?#\\'"`<>]+)[/?#][^\s'"`<>]*/gi

export function publicText(text: string): string {
  return withoutPasswords(text).replace(beyondOrigin, '$1').replace(quotedPath, '$1$2$1').replace(path, '$1')
}

/** Of whatever goes out as JSON. */
export function publicJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, inner) => (typeof inner === 'string' ? publicText(inner) : inner)) as T
}
