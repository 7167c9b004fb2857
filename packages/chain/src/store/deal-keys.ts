/** The index entry of a deal, read out of the state of the block that published it. */
import { CID } from 'multiformats/cid'
import type { StateReader } from '../state/index.ts'
import { tables } from '../state/store/tables.ts'
import type { DealKeys } from './records.ts'

export function dealKeys(reader: StateReader, deal: number): DealKeys {
  const record = tables.deals.get(reader, deal)
  if (record === undefined) throw new Error(`deal ${deal} was published and is not in the state`)
  const { pieceCid, rootCid, client, provider } = record.terms
  return { deal, pieceCid, client, provider, ...(rootCid === undefined ? {} : { rootCid: rootKey(rootCid) }) }
}

/** Both versions of a CID name the same root: a deal is found by either. */
export function rootKey(rootCid: string): string {
  return CID.parse(rootCid).toV1().toString()
}
