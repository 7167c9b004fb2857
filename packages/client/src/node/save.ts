/** Content back to the disk by its CID: a file, a folder with all that is in it, or either as a CAR. */
import { NotAFileError, parseCid } from '@granary/content'
import type { ChainClient } from '@granary/protocol/client'
import type { Fetch } from '../ports.ts'
import { type GetOptions, get, type Retrieved } from '../retrieve/get.ts'
import { parseContentPath } from '../retrieve/parse-content-path.ts'
import type { HolderReport } from '../retrieve/report.ts'
import { systemClock } from '../system-clock.ts'
import { asOutInvalid, checkPlace, fileSink } from './file-sink.ts'
import { writeFolder } from './folder-writer.ts'

/** What getting content takes: no account, and nothing that is kept. */
export interface GetInput {
  readonly chain: ChainClient
  readonly fetch: Fetch
}

/** How a fetched file or folder is written. */
export interface SaveOptions extends GetOptions {
  /** Write the content, and all below it, as a CAR. @default false */
  readonly car?: boolean | undefined
  /** Whether a folder at `outPath` may be replaced; a file is replaced anyway. @default false */
  readonly overwrite?: boolean | undefined
}

/** What was written, and who gave it. */
export interface SaveResult {
  /** Of what is at the end of the path. */
  readonly cid: string
  readonly type: 'file' | 'directory' | 'car'
  /** Whole path of the file or folder. */
  readonly out: string
  readonly bytes: number
  /** One, or those in the folder. */
  readonly files: number
  /** Who has given how much. */
  readonly report: readonly HolderReport[]
}

/**
 * It appears at `outPath` only when all of it is verified and on the disk.
 * @param rootOrPath root CID as put prints it, in any base and version, with a path below it
 * @throws CidInvalidError, OutInvalidError, OutExistsError, CidNotStoredError, NotAFileError, EntryUnsafeError, DagInvalidError,
 * RetrievalFailedError
 */
export async function save(
  { chain, fetch }: GetInput,
  rootOrPath: string,
  outPath: string,
  options: SaveOptions = {},
): Promise<SaveResult> {
  const { overwrite = false } = options
  parseContentPath(rootOrPath)
  const sink = await fileSink(outPath)
  // A folder may be replaced by a folder, if that is said; what the content is will be known later.
  await (overwrite ? checkPlace(sink.out) : sink.check())
  const got = await get({ chain, fetch, clock: systemClock }, rootOrPath, options)
  try {
    const { cid } = got
    return { cid, out: sink.out, ...(await write(got, sink, { ...options, overwrite })), report: got.report }
  } finally {
    got.close()
  }
}

async function write(
  got: Retrieved,
  sink: Awaited<ReturnType<typeof fileSink>>,
  { car = false, overwrite }: SaveOptions & { readonly overwrite: boolean },
): Promise<Pick<SaveResult, 'type' | 'bytes' | 'files'>> {
  if (car || got.type === 'file') {
    await sink.check()
    const bytes = await sink.write(car || got.type !== 'file' ? got.car() : got.stream())
    return { type: car ? 'car' : 'file', bytes, files: 1 }
  }
  if (got.type !== 'directory') throw new NotAFileError(parseCid(got.cid), got.type === 'object' ? got.what : got.type)
  await checkPlace(sink.out)
  const written = await writeFolder(sink.out, got.entries(), { overwrite }).catch(asOutInvalid(sink.out))
  return { type: 'directory', ...written }
}
