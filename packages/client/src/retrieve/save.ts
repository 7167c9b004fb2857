/** A file, or the one file of a folder, into a sink: it is there when all of it is verified, and not before. */
import { NotAFileError, parseCid } from '@granary/content'
import type { Sink } from '../ports.ts'
import { type GetOptions, get } from './get.ts'
import type { GetPorts } from './open-content.ts'
import { parseContentPath } from './parse-content-path.ts'
import type { HolderReport } from './report.ts'

/** What was saved, and who gave it. */
export interface SaveResult {
  /** Of what is at the end of the path. */
  readonly cid: string
  readonly bytes: number
  /** Who has given how much. */
  readonly report: readonly HolderReport[]
}

/** @throws what get throws, NotAFileError, and what the sink throws */
export async function save(
  ports: GetPorts,
  rootOrPath: string,
  sink: Sink,
  options: GetOptions = {},
): Promise<SaveResult> {
  parseContentPath(rootOrPath)
  await sink.check?.()
  const got = await get(ports, rootOrPath, { unwrap: true, ...options })
  if (got.type !== 'file') {
    got.close()
    throw new NotAFileError(parseCid(got.cid), got.type === 'object' ? got.what : got.type)
  }
  const bytes = await sink.write(got.stream())
  return { cid: got.cid, bytes, report: got.report }
}
