/** DAG_INVALID: a block's bytes are what its CID says, and not what its codec says. */
import { GranaryError } from '@granary/base'
import type { CID } from 'multiformats/cid'

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
