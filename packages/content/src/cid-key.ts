/** Keys for maps of blocks. A multihash names bytes; a CID also says how to read them. */

import { GranaryError } from '@granary/errors'
import { base64 } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'

export class CidInvalidError extends GranaryError {
  constructor(text: string, cause: unknown) {
    super({
      code: 'CID_INVALID',
      message: `"${text.slice(0, 128)}" is not a CID`,
      hint: 'give a CID as `granary put` prints it, for example bafybei… or bafkrei…',
      retryable: false,
      cause,
    })
  }
}

export function multihashKey(cid: CID): string {
  return base64.baseEncode(cid.multihash.bytes)
}

/** @throws CidInvalidError CID_INVALID */
export function parseCid(text: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new CidInvalidError(text, cause)
  }
}
