/** A denylist of one rule in the clear: that block, by every path. */
import { CID } from 'multiformats/cid'
import { type Denylist, hashOf } from '../src/denylist/denylist.ts'

export function denies(cid: string): Denylist {
  const rule = { path: '', isPrefix: false, status: 410 } as const
  return { name: 'x.deny', rules: new Map([[hashOf(CID.parse(cid)), [rule]]]), hashed: [] }
}
