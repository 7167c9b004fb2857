/** The links of a block, in the order in which they are written in it. */

import { GranaryError } from '@granary/base'
import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as json from 'multiformats/codecs/json'
import * as raw from 'multiformats/codecs/raw'

export const CBOR_CODE = 0x51
/** What IPFS clients exchange at most, and so what a node may be that somebody else's program is to read. */
export const nodeBytesMax: number = 2 * 1024 * 1024

export class CodecUnsupportedError extends GranaryError {
  constructor(cid: CID) {
    super({
      code: 'CODEC_UNSUPPORTED',
      message: `block ${cid} has codec 0x${cid.code.toString(16)}, whose links cannot be read`,
      hint: 'use raw, dag-pb, dag-cbor, dag-json, cbor or json, or ask for the single block',
    })
  }
}

export class DagInvalidError extends GranaryError {
  constructor(cid: CID, why: string, cause?: unknown) {
    super({
      code: 'DAG_INVALID',
      message: `block ${cid} is not what its codec says: ${why}`,
      hint: 'the data was made wrong before it was hashed: import it again',
      cause,
    })
  }
}

/** @throws CodecUnsupportedError CODEC_UNSUPPORTED, DagInvalidError DAG_INVALID */
export function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  if (cid.code === raw.code || cid.code === json.code || cid.code === CBOR_CODE) return []
  if (bytes.length > nodeBytesMax) throw new DagInvalidError(cid, `a node of ${bytes.length} bytes`)
  try {
    if (cid.code === dagPb.code) return dagPb.decode(bytes).Links.map((link) => link.Hash)
    if (cid.code === dagCbor.code) return linksIn(dagCbor.decode(bytes))
    if (cid.code === dagJson.code) return linksIn(dagJson.decode(bytes))
  } catch (cause) {
    throw new DagInvalidError(cid, Error.isError(cause) ? cause.message : String(cause), cause)
  }
  throw new CodecUnsupportedError(cid)
}

/** The links anywhere in a value, depth-first, in the order of its maps and lists. */
function linksIn(value: unknown): CID[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  const cid = CID.asCID(value)
  return cid === null ? Object.values(value).flatMap(linksIn) : [cid]
}
