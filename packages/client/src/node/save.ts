/** Content back to the disk by its CID. */
import type { ChainClient } from '@granary/protocol/client'
import type { Fetch } from '../ports.ts'
import type { GetOptions } from '../retrieve/get.ts'
import { type SaveResult as Saved, save as saveInto } from '../retrieve/save.ts'
import { systemClock } from '../system-clock.ts'
import { fileSink } from './file-sink.ts'

/** What getting content takes: no account, and nothing that is kept. */
export interface GetInput {
  readonly chain: ChainClient
  readonly fetch: Fetch
}

export interface SaveResult extends Saved {
  /** Whole path of the file. */
  readonly out: string
}

/**
 * The file appears at `outPath` only when all of it is verified and on the disk.
 * @param rootOrPath root CID as put prints it, in any base and version, with a path below it
 * @throws CidInvalidError, OutInvalidError, CidNotStoredError, NotAFileError, DagInvalidError, RetrievalFailedError
 */
export async function save(
  { chain, fetch }: GetInput,
  rootOrPath: string,
  outPath: string,
  options: GetOptions = {},
): Promise<SaveResult> {
  const sink = await fileSink(outPath)
  return { ...(await saveInto({ chain, fetch, clock: systemClock }, rootOrPath, sink, options)), out: sink.out }
}
