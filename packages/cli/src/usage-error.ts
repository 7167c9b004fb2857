/** The arguments do not say what to do. */
import { GranaryError } from '@granary/base'

export class UsageError extends GranaryError {
  constructor(message: string, hint = 'see `granary --help` and `granary COMMAND --help`') {
    super({ code: 'USAGE', message, hint })
  }
}
