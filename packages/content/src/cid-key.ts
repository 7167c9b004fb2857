/** Keys for maps of blocks. A multihash names bytes; a CID also says how to read them. */

import { GranaryError } from '@granary/base'
import { base64 } from 'multiformats/bases/base64'
import type { MultibaseDecoder } from 'multiformats/bases/interface'
import { bases } from 'multiformats/basics'
import { CID } from 'multiformats/cid'

export class CidInvalidError extends GranaryError {
  constructor(text: string, cause: unknown) {
    super({
      code: 'CID_INVALID',
      message: `"${text.slice(0, 128)}" is not a CID`,
      hint: 'give a CID as `granary put` prints it, for example bafybei… or bafkrei…',
      cause,
    })
  }
}

export function multihashKey(cid: CID): string {
  return base64.baseEncode(cid.multihash.bytes)
}

/** Every base of the multibase table that is in use, by its prefix; a version 0 CID has none. */
const decoders = new Map<string, MultibaseDecoder<string>>(
  Object.values(bases).map((base) => [base.prefix, base.decoder]),
)

/** In any base and version. @throws CidInvalidError CID_INVALID */
export function parseCid(text: string): CID {
  try {
    return text.startsWith('Qm') ? CID.parse(text) : CID.parse(text, decoders.get(text.slice(0, 1)))
  } catch (cause) {
    throw new CidInvalidError(text, cause)
  }
}
