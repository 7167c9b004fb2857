/** What people write for content: a CID, with or without a path below it, as a path, an `ipfs://` URL or a gateway's address part. */
import { type CID, PathNotFoundError, parseCid } from '@granary/content'

export interface ContentPath {
  readonly root: CID
  readonly names: readonly string[]
}

/**
 * `CID`, `CID/a/b`, `/ipfs/CID/a/b`, `ipfs://CID/a%20b`: the CID in any base and version. Only in a URL is `%20` a space.
 * @throws CidInvalidError CID_INVALID; PathNotFoundError PATH_NOT_FOUND for `.` and `..`, which lead elsewhere in the address that a
 * holder is asked at, whatever a folder has under them, and for half of a character, which no name has
 */
export function parseContentPath(text: string): ContentPath {
  const isUrl = /^ipfs:\/\//i.test(text)
  const [cid = '', ...steps] = text.replace(/^(ipfs:\/\/|\/?ipfs\/)/i, '').split('/')
  const given = steps.filter((name) => name !== '')
  const names = isUrl ? given.map(decoded) : given
  const root = parseCid(cid)
  const step = names.find((name) => /^\.\.?$/.test(name) || !name.isWellFormed())
  if (step !== undefined) throw new PathNotFoundError(root, names, step)
  return { root, names }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
