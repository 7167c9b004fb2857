/** The index entry of a deal, read out of the state of the block that published it. */
import { dealView, type StateReader } from '../state/index.ts'
import type { DealKeys } from './records.ts'

export function dealKeys(reader: StateReader, deal: number): DealKeys {
  const view = dealView(reader, deal)
  if (view === undefined) throw new Error(`deal ${deal} was published and is not in the state`)
  const { pieceCid, rootCid, client, provider } = view.terms
  return { deal, pieceCid, client, provider, ...(rootCid === undefined ? {} : { rootCid }) }
}
