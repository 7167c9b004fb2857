/** A path that was to be packed and cannot be. */
import { GranaryError } from '@granary/base'

export class FileUnreadableError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'FILE_UNREADABLE',
      message: `${path}: ${why}`,
      hint: 'give the path of a file that exists and that you may read',
      details: { path },
      cause,
    })
  }
}
