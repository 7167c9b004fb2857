/**
 * What is asked of content, in a module of its own that is imported where it is used: a page that only looks at the market
 * does not load what reads and verifies files.
 */
import { DagInvalidError, InlineTooLongError, NotAFileError } from '@granary/content'

export { parseCid, verifiedFile } from '@granary/content'

/** Found in blocks that were hashed here: the content is like that, and no other provider has it otherwise. */
export function isOfTheContent(error: unknown): boolean {
  return error instanceof NotAFileError || error instanceof DagInvalidError || error instanceof InlineTooLongError
}
