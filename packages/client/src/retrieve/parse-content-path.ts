/** What people write for content: a CID, with or without a path below it, as a path, an `ipfs://` URL or a gateway's address part. */
import { type CID, parseCid } from '@granary/content'

export interface ContentPath {
  readonly root: CID
  readonly names: readonly string[]
}

/**
 * `CID`, `CID/a/b`, `/ipfs/CID/a/b`, `ipfs://CID/a%20b`: the CID in any base and version. Only in a URL is `%20` a space.
 * @throws CidInvalidError CID_INVALID
 */
export function parseContentPath(text: string): ContentPath {
  const isUrl = /^ipfs:\/\//i.test(text)
  const [cid = '', ...names] = text.replace(/^(ipfs:\/\/|\/?ipfs\/)/i, '').split('/')
  const given = names.filter((name) => name !== '')
  return { root: parseCid(cid), names: isUrl ? given.map(decoded) : given }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
