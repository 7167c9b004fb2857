/** What the owner does not serve it does not take either: nobody could fetch what they pay for. */
import { parseCid } from '@granary/content'
import { ContentDeniedError } from '../denylist/content-denied-error.ts'
import { type Denylist, denialOf } from '../denylist/denylist.ts'

/** @param rootCid: of a piece; one without a root is served by its piece's CID alone @throws ContentDeniedError, CID_INVALID */
export function requireServed(denylists: readonly Denylist[], rootCid: string | undefined): void {
  if (rootCid === undefined || denylists.length === 0) return
  const denial = denialOf(denylists, parseCid(rootCid))
  if (denial !== undefined) throw new ContentDeniedError(rootCid, denial)
}
