/** What is read a second time is no longer what it was. */
import { GranaryError } from '@granary/base'

export class FileChangedError extends GranaryError {
  constructor(path: string, cause?: unknown) {
    super({
      code: 'FILE_CHANGED',
      message: `${path} was changed while it was being read`,
      hint: 'wait until nothing writes to it, or put a copy of it',
      cause,
    })
  }
}
