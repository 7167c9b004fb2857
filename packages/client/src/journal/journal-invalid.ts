import { GranaryError } from '@granary/base'

/** JOURNAL_INVALID: the log of an upload is not as it was written. */
export class JournalInvalidError extends GranaryError {
  /** @param path of the record, by which a person finds it */
  constructor(path: string, what: string) {
    super({
      code: 'JOURNAL_INVALID',
      message: `the journal ${path} cannot be read: ${what}`,
      hint: 'it was changed by something else; when the deals in it are known or not wanted, remove the file and put again',
      details: { path },
    })
  }
}
