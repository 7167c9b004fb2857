/**
 * How a worker on another machine knows that it sees the provider's folders: by files in them whose text nobody else has. An
 * empty folder that a share is mounted over has none.
 */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'

export interface Mark {
  readonly path: string
  /** Stands in it. */
  readonly text: string
}

export class SharedFolderMissingError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'SHARED_FOLDER_MISSING',
      message: `this worker does not see the provider's folders: ${path} is not there, or is another one`,
      hint: "mount what the provider's disks have under the same paths on this machine; it goes on by itself then",
      details: { path },
    })
  }
}

/** Of one that is not seen here. */
export async function missingMark(marks: readonly Mark[]): Promise<string | undefined> {
  for (const { path, text } of marks) {
    const found = await readFile(path, 'utf8').catch(() => '')
    if (!found.includes(text)) return path
  }
  return undefined
}
