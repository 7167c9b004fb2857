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

/** A character, which is two units of the text in base256emoji. */
function prefixOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0)
}

/** In any base and version. @throws CidInvalidError CID_INVALID */
export function parseCid(text: string): CID {
  try {
    return text.startsWith('Qm') ? CID.parse(text) : CID.parse(text, decoders.get(prefixOf(text)))
  } catch (cause) {
    throw new CidInvalidError(text, cause)
  }
}
