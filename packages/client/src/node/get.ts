/** A file back to the disk by its CID. */
import type { ChainClient } from '@granary/protocol/client'
import type { Fetch } from '../ports.ts'
import { type GetResult as Fetched, type GetOptions, get as getInto } from '../retrieve/get.ts'
import { systemClock } from '../system-clock.ts'
import { fileSink } from './file-sink.ts'

export interface GetInput {
  readonly chain: ChainClient
  readonly fetch: Fetch
}

export interface GetResult extends Fetched {
  /** Whole path of the file. */
  readonly out: string
}

/**
 * The file appears at `outPath` only when all of it is verified and on the disk.
 * @param cidText root CID of a file, in any base
 * @throws CidInvalidError, OutInvalidError, CidNotStoredError, NotAFileError, DagInvalidError, RetrievalFailedError
 */
export async function get(
  { chain, fetch }: GetInput,
  cidText: string,
  outPath: string,
  options: GetOptions = {},
): Promise<GetResult> {
  const sink = await fileSink(outPath)
  return { ...(await getInto({ chain, fetch, clock: systemClock }, cidText, sink, options)), out: sink.out }
}
