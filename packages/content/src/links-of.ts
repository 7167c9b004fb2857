/** The links of a block, in the order in which they are written in it. */

import { GranaryError } from '@granary/base'
import * as dagPb from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import * as json from 'multiformats/codecs/json'
import * as raw from 'multiformats/codecs/raw'
import { DagInvalidError } from './dag-invalid-error.ts'
import { CBOR_CODE, dagObject, isDagObject, linksIn, nodeBytesMax } from './dag-object.ts'

export class CodecUnsupportedError extends GranaryError {
  constructor(cid: CID) {
    super({
      code: 'CODEC_UNSUPPORTED',
      message: `block ${cid} has codec 0x${cid.code.toString(16)}, whose links cannot be read`,
      hint: 'use raw, dag-pb, dag-cbor, dag-json, cbor or json, or ask for the single block',
    })
  }
}

/** @throws CodecUnsupportedError CODEC_UNSUPPORTED, DagInvalidError DAG_INVALID */
export async function linksOf(cid: CID, bytes: Uint8Array): Promise<CID[]> {
  if (cid.code === raw.code || cid.code === json.code || cid.code === CBOR_CODE) return []
  if (bytes.length > nodeBytesMax) throw new DagInvalidError(cid, `a node of ${bytes.length} bytes`)
  if (cid.code === dagPb.code) return pbLinks(cid, bytes)
  if (isDagObject(cid)) return linksIn(await dagObject(cid, bytes))
  throw new CodecUnsupportedError(cid)
}

function pbLinks(cid: CID, bytes: Uint8Array): CID[] {
  try {
    return dagPb.decode(bytes).Links.map((link) => link.Hash)
  } catch (cause) {
    throw new DagInvalidError(cid, Error.isError(cause) ? cause.message : String(cause), cause)
  }
}
